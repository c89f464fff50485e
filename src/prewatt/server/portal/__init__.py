"""The pages: the manager's and the tenant's."""
