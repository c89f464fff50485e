"""Notices: what tenants and managers are told, in which language, by which channel, and whether it arrived."""
