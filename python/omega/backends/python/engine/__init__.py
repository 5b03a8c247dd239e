"""The loop and its state."""
