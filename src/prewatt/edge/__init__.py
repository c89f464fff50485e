"""The agent in the building: it charges, warns, cuts off and restores by itself, and reports to the head-end when it
can.

`agent`, `meter` and `sync` are logic without I/O; `shell`, `journal` and `drivers` touch the world.
"""
