"""errors - what stops an experiment in Shadow, said in one line."""


class ShadowError(Exception):
    """The text is for people, and one line."""
