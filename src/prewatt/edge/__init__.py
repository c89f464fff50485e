"""The agent in the building: charges, warns, cuts off and restores by itself, and tells the head-end when it can.

`agent`, `meter` and `sync` are logic without I/O; `shell`, `journal` and `drivers` touch the world.
"""
