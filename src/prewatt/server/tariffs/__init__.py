"""Tariffs, and from when which holds at a property."""
