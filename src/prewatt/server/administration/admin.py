"""The module in which Django looks for the set-up pages."""

from . import alarms, buildings, gateways, meters, refusals, tariffs

__all__ = ["alarms", "buildings", "gateways", "meters", "refusals", "tariffs"]
