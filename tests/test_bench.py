"""The measurements: each can be started, and `make bench` starts each."""

import importlib
import re
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
HELPERS = {"__init__", "empty", "measure", "visit"}
MEASUREMENTS = sorted({path.stem for path in (REPOSITORY / "bench").glob("*.py")} - HELPERS)


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_a_measurement_can_be_started(name, monkeypatch):
    # Some take their length from the command line when they are imported.
    monkeypatch.setattr(sys, "argv", [name])
    assert callable(importlib.import_module(f"bench.{name}").main)


def test_make_bench_starts_each():
    named = re.findall(r"-m bench\.(\w+)", (REPOSITORY / "Makefile").read_text())
    assert sorted(named) == MEASUREMENTS
