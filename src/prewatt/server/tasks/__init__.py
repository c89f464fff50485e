"""Heavy work that people ask for: it is done by processes of its own, and its page says how far it is."""
