"""This package has the demonstration building (`demo`) and the fault simulator (`faults`)."""
