"""What every room of the server needs, and what needs no other room."""
