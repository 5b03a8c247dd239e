"""Money, positions and books."""
