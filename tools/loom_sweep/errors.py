"""errors - what a sweep says in one line when it cannot go on."""


class SweepError(Exception):
    """What is wrong, for a person."""
