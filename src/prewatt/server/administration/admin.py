"""The module in which Django looks for the set-up pages."""

from . import alarms, gateways, landlords, meters, properties, property_parts, refusals, tariffs, tenancies, units

__all__ = [
    "alarms",
    "gateways",
    "landlords",
    "meters",
    "properties",
    "property_parts",
    "refusals",
    "tariffs",
    "tenancies",
    "units",
]
