"""The manager's pages: a folder a story, with its views, forms, addresses and templates."""
