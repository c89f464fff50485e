"""What is a tenant's own, over the API, for the WeChat mini program and for programs of tenants. One file a resource."""
