"""Personal data: what is kept of tenants, for how long, how they get it, and how it is erased."""
