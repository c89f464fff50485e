"""Who sets meters up is killed at any step of writing: settings and survey are whole, as before or as after."""

import pytest

from prewatt.edge.commissioning.gateway import SetUp
from prewatt.edge.commissioning.probing import load_models
from prewatt.edge.commissioning.survey import Compared, Flat, FoundMeter, Survey, load_survey, save_survey
from prewatt.edge.commissioning.trying import Look
from prewatt.edge.settings import load_settings, write_settings
from tests.edge.commissioning.house import DLT, now
from tests.edge.test_shell import made_settings
from tests.test_backup import in_a_process

READY = FoundMeter(
    1,
    "/dev/ttyUSB0",
    "2400 8E1",
    "line",
    "dlt645",
    "dlt645-2007",
    DLT,
    looks=(Look("dlt645-2007", DLT, 2000, 230_000, 40, True, True),),
    flat="Flat 1",
    compared=Compared("2.00", 2000, 1),
    test="passed",
)

MODELS = load_models()


def begun(folder):
    """Setting up as it begins."""
    return SetUp(folder, load_settings(folder / "edge.toml"), MODELS, {}, now)


@pytest.fixture
def folder(tmp_path):
    """An enrolled gateway whose one meter is ready to go into service."""
    write_settings(tmp_path / "edge.toml", made_settings(tmp_path, meters=(), drivers={}))
    save_survey(tmp_path, Survey((Flat("Flat 1", DLT, DLT),), (READY,)))
    return tmp_path


def test_killed_at_any_step_of_putting_into_service_the_settings_are_those_of_before_or_of_after(folder):
    before = {name: (folder / name).read_bytes() for name in ("edge.toml", "setup.json")}
    seen, number, has_ended = set(), 0, False
    while not has_ended:
        number += 1
        for name, content in before.items():
            (folder / name).write_bytes(content)
        setup = begun(folder)
        has_ended = in_a_process(setup.put_into_service, number)
        meters = [row.name for row in load_settings(folder / "edge.toml").meters]
        assert meters in ([], [DLT])
        kept = load_survey(folder)
        assert [each.address for each in kept.meters] == [DLT] and kept.meters[0].compared == READY.compared
        # Whoever begins next finds settings and survey in agreement.
        assert [each.in_service for each in begun(folder).survey.meters] == [*meters, ""][:1]
        assert (folder / "edge.toml").stat().st_mode & 0o777 == 0o600
        seen.add(len(meters))
    assert seen == {0, 1} and number > 8
    assert meters == [DLT]


def test_killed_at_any_step_of_a_search_what_was_found_before_is_still_there(folder):
    number, has_ended, seen = 0, False, set()
    while not has_ended:
        number += 1
        save_survey(folder, Survey((Flat("Flat 1", DLT, DLT),), (READY,)))
        setup = begun(folder)

        def note(setup=setup):
            with setup.bench.changing() as survey:
                survey.change(1, is_silent=True, face="x" * 60)

        has_ended = in_a_process(note, number)
        kept = load_survey(folder)
        assert [each.address for each in kept.meters] == [DLT]
        seen.add(kept.meters[0].is_silent)
    assert seen == {False, True}
