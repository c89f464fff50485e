"""The head-end: takes the journals in, checks them, stores them, acknowledges; sends commands until the journals show
them applied.

`ingest`, `reconcile` and `dispatch` are logic without I/O; `store` is the database and `shell` the process.
"""
