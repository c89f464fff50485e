"""Tariffs, and the times at which they are in force at a property."""
