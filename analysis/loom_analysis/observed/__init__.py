"""observed - what a simulated network showed an adversary, read from files; docs/security.md has the format.

`manifest` decides first whether they may be read at all, `reader` reads what the adversary saw, `truth` what he did
not. Only `scorer` asks for both.
"""
