"""The fault simulator: the edge's and the head-end's rules, unchanged, on virtual clocks, a virtual network, flash and
meter bus, all from one seed.

A seed draws a swarm (which kinds of faults there are, and how many of each), and the swarm a script of what happens
when. While it runs, an oracle that shares no code with the rules keeps books by itself: what each reading may cost,
where each switch belongs, and how long anything may take. At the end everything is healed, and all sides must be equal
to the unit. A seed that fails is shrunk to the shortest story that still does. `docs/developer/simulator.md` says more.
"""

from .oracle import Broken
from .shrink import Shortest, shrunk
from .world import World

__all__ = ["Broken", "Shortest", "World", "shrunk"]
