"""Meters played as real: they speak the protocols of real meters over a pty or TCP, and live by recorded consumption."""
