"""Allocation: costs that units share, and how they are divided."""
