"""What is kept of a tenant, for themselves and their landlord."""
