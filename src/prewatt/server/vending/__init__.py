"""Vending: the credit log with the commands to meters, and the codes that carry credit and orders."""
