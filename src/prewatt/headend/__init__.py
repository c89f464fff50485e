"""The head-end receives the journals, checks, stores and acknowledges them, and sends commands until the journals show
them applied.

`ingest`, `reconcile` and `dispatch` are logic without I/O; `store` is the database and `shell` the process.
"""
