"""Sales: credit is sold and given back, and a restored server books what it finds at a meter."""
