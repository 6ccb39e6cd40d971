"""attacks - published traffic analysis, on what a simulated network shows; docs/security.md has sources and limits.

Nothing here opens a file, and nothing here knows the truth: attacks return scores, `measures` compares them with it.
"""
