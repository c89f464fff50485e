"""Buses: what carries questions and answers between the gateway and meters, over a serial line or TCP."""
