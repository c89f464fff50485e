"""Gateways, meters, their journals, and the alarms they raise."""
