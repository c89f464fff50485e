"""Statements, and what happens to an account at a move-in or move-out."""
