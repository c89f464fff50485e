"""The fault simulator runs the rules of edge and head-end, unchanged, on virtual clocks, a virtual network, flash and
meter bus. One seed decides everything.

A seed draws a swarm: which kinds of faults there are, and how many of each. The swarm draws a script of what happens
when. While it runs, an oracle that shares no code with the rules keeps books of its own: what each reading may cost,
where each switch belongs, and how long anything may take. At the end all faults are mended, and all sides must be equal
to the unit. A failing seed is shrunk to the shortest story that still fails. `docs/developer/simulator.md` says more.
"""

from .oracle import Broken
from .shrink import Shortest, shrunk
from .world import World

__all__ = ["Broken", "Shortest", "World", "shrunk"]
