"""prewatt: prepaid electricity for rental apartments."""

__version__ = "0.1.0"
