"""What is one's own as a tenant, over the API: for the WeChat mini program, and for programs of tenants. A file a resource."""
