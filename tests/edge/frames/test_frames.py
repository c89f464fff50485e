"""The command that checks files of frames never crashes on them, and finds what they state wrongly."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edge.frames import dlms, dlt645, modbus

VECTORS = Path(__file__).parent.parent / "protocols" / "vectors"
FILES = {"dlt645.json": dlt645, "modbus_maps.json": modbus, "dlms_transcripts.json": dlms}


@pytest.mark.parametrize("name", FILES)
def test_all_published_frames_are_understood_as_stated(name):
    assert FILES[name].check(json.loads((VECTORS / name).read_text())) == []


def hexes(value):
    """Each place of the document that holds bytes, as (container, key)."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "hex" and isinstance(each, str):
                yield value, key
            else:
                yield from hexes(each)
    elif isinstance(value, list):
        for each in value:
            yield from hexes(each)


@pytest.mark.parametrize("name", FILES)
@given(st.data())
@settings(deadline=None, max_examples=30)
def test_a_turned_bit_in_any_frame_is_found_and_crashes_nothing(name, data):
    document = json.loads((VECTORS / name).read_text())
    container, key = data.draw(st.sampled_from(list(hexes(document))))
    frame = bytearray.fromhex(container[key])
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= 1 << data.draw(st.integers(0, 7))
    container[key] = frame.hex().upper()
    FILES[name].check(copy.deepcopy(document))


def test_the_command_says_what_it_found(tmp_path):
    document = json.loads((VECTORS / "dlt645.json").read_text())
    case = next(each for each in document["cases"] if each.get("valid_frame"))
    case["address"] = "999999999998"
    (tmp_path / "wrong.json").write_text(json.dumps(document))
    done = subprocess.run(
        [sys.executable, "-m", "tests.edge.frames", str(tmp_path / "wrong.json")], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert case["id"] in done.stdout and "1 disagreement" in done.stdout
