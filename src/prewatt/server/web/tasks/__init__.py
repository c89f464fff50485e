"""The page of heavy work that somebody has asked for: how far it is, then its file."""
