"""Shared costs: what is used in common, and who bears which part of it."""
