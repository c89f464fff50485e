"""Where Django looks for them."""

from . import buildings, meters, tariffs

__all__ = ["buildings", "meters", "tariffs"]
