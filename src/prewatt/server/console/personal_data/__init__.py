"""How long a landlord keeps personal data, and erasing those of a tenant."""
