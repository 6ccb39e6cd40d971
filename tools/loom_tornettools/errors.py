"""errors - what stops a swap, said in one line."""


class SwapError(Exception):
    """The text is for people, and one line."""
