"""Payments: merchant accounts at providers, what was asked of them, what they say, and how it all fits together."""
