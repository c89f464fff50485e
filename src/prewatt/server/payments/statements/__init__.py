"""Readers of bank statements, a module for each format. Pure: bytes in, lines out."""
