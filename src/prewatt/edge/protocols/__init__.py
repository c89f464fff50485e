"""The protocols of meters, without I/O: each turns questions into bytes, and a stream of bytes into answers.

A protocol owns no port, socket, thread or clock. `edge.buses` carries the bytes; tests and the simulator carry them too.
"""
