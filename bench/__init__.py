"""Benchmarks: each prints a figure beside its limit, measured in the same run. `make bench` runs them all."""
