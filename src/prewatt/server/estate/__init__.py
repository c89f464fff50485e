"""Organisations, properties, units, and who lives where."""
