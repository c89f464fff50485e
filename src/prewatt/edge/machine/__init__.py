"""What makes a gateway of a machine: the service that runs the agent, its user and folder, and its releases."""
