"""Moving in and out, and putting a move right."""
