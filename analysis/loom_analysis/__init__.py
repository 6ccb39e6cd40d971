"""loom_analysis - what the results of `loom run` say: statistics, plots, the report."""

__version__ = "0.1.0"
