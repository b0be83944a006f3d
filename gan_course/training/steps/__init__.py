"""One training step per family: `update_D` and `update_G` read as the algorithm in the paper."""
