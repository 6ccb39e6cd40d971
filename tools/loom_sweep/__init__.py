"""loom_sweep - a scenario for many seeds and settings, each a `loom run`: here, or on a cluster with Slurm."""
