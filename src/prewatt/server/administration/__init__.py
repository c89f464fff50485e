"""Django's set-up pages for buildings, meters and tariffs."""
