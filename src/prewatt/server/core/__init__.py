"""What every room of the server needs, and which needs none of them."""
