"""loom_testbed - a private network of the real tor on loopback, with Loom in the middle.

The standard library is all it needs. `tools/testbed` and `tools/bench` are its two commands.
"""
