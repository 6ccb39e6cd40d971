"""fingerprint - what an adversary learns in each arm of an experiment, and what becomes of what was expected of it.

`networks` attacks and scores every run by itself, `hypotheses` judges over seeds, `section` is the report's part.
"""
