"""The module in which Django looks for the set-up pages."""

from . import buildings, meters, tariffs

__all__ = ["buildings", "meters", "tariffs"]
