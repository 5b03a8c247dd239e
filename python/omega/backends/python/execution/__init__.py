"""Prices, costs and sizes of fills."""
