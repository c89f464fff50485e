"""Moving in, moving out, and correcting a move."""
