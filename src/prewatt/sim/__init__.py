"""A building to demonstrate with (`demo`), and the fault simulator (`faults`)."""
