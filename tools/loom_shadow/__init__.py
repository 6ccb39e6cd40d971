"""loom_shadow - runs the network of a scenario in the Shadow simulator, with real tor and Loom processes."""
