"""Django's own pages for setting up: buildings, meters, tariffs."""
