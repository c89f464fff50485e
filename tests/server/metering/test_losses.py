"""What the main meter measured and no other meter accounts for: on the page, through the API, by command, as an alarm."""

import pytest
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.kernel.units import HOUR
from prewatt.server.estate.models import Property
from prewatt.server.metering.balance import balance, raise_alarms
from prewatt.server.metering.models import Alarm
from tests.gateway import at


def test_the_balance_shows_what_no_meter_accounts_for(manager, program, lived, building, clock):
    pk = building.property.pk
    spans = balance(building.property, at(2025, 10, 7), at(2025, 10, 9), HOUR)
    assert {(span.main, span.units, span.common, span.unaccounted) for span in spans} == {(550, 450, 50, 50)}
    page = manager.get(f"/properties/{pk}/losses/?day=2025-10-07").content.decode()
    assert "2.400" in page and "9.09" in page
    for day in ("nonsense", "0001-01-01", "9999-12-31"):
        assert manager.get(f"/properties/{pk}/losses/?day={day}").status_code == 200
    rows = program("get", f"properties/{pk}/losses?first=2025-10-07&last=2025-10-07").json()
    assert sum(float(row["unaccounted_kwh"]) for row in rows) == pytest.approx(1.2)
    assert program("get", f"properties/{pk}/losses?first=2025-10-07&last=2025-12-07").status_code == 400
    result = CliRunner().invoke(app, ["building", "losses"])
    assert "9.09" in result.output
    clock.at = at(2025, 11, 2)
    assert raise_alarms() == []
    Property.objects.update(loss_alarm=9)
    assert "2.400 kWh (9.09 %) of Linden 5 are not accounted for" in raise_alarms()[0]
    assert raise_alarms() == []
    assert Alarm.objects.get().meter.name == "main"


def test_without_a_main_meter_the_page_says_so(manager, building):
    assert "no main meter" in manager.get(f"/properties/{building.property.pk}/losses/").content.decode()
    assert CliRunner().invoke(app, ["building", "losses"]).exit_code == 2
