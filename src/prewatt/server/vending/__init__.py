"""The credit log: commands to meters, and the top-ups among them."""
