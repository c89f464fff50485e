"""The tenant's pages as an app on the phone: what browsers install, the worker that answers without a network, what it keeps."""
