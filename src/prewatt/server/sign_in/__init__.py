"""The doors: how people log in, get in for the first time, and change what they log in with."""
