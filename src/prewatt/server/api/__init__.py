"""The HTTP API for the programs of landlords."""
