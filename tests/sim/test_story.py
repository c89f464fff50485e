"""What a story's meters live by is what the whole of the data says of them."""

from dataclasses import replace

import pytest

from prewatt.edge.recording import load_recordings
from prewatt.kernel.calendar import zone
from prewatt.kernel.units import DAY
from prewatt.sim.story import PACKAGED_ZONE, Options, excerpt, plan


@pytest.fixture(scope="module")
def story():
    return plan(Options(days=2, meters=3))


def test_the_gateway_reads_the_meters_and_the_time_that_are_played_and_each_register_is_the_same(story, tmp_path):
    read = load_recordings(excerpt(story, tmp_path), zone(PACKAGED_ZONE))
    assert list(read) == list(story.recordings)
    for name, recording in story.recordings.items():
        assert read[name].begin == recording.begin
        assert story.end + DAY < read[name].end < recording.end
        instants = range(story.begin - 3 * DAY, story.end + DAY, DAY // 100)
        drawn = [recording.drawn(recording.begin, at) for at in instants]
        assert [read[name].drawn(recording.begin, at) for at in instants] == drawn


def test_data_of_ones_own_are_read_as_they_are(story, tmp_path):
    own = tmp_path / "own.csv"
    assert excerpt(replace(story, data=own), tmp_path) == own.absolute()
    assert list(tmp_path.iterdir()) == []
