"""Credit sold and given back, and what a server put back from a copy finds at a meter."""
