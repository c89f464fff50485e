"""Setting up a building: units, meters, gateways, people."""
