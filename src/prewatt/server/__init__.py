"""The server: a Django project with one app a room."""
