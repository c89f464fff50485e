"""A shared cost is charged from the page, through the API and by command alike."""

import pytest
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.server.allocation.models import Run, SharedCost
from prewatt.server.metering.models import Meter
from tests.building import PASSWORD


def test_a_shared_cost_is_made_previewed_booked_and_given_back_on_the_page(manager, lived, building):
    pk = building.property.pk
    fields = {
        "name": "Stairs",
        "vacancy": "landlord",
        "schedule": "none",
        "meters": [Meter.objects.get(name="stairs").pk],
    }
    percents = {"equal": "50", "area": "0", "occupants": "0", "consumption": "60", "fixed": "0"}
    wrong = manager.post(f"/properties/{pk}/shared-costs/", {**fields, **percents})
    assert "add up to 110" in wrong.content.decode()
    made = manager.post(f"/properties/{pk}/shared-costs/", {**fields, **percents, "consumption": "50"})
    assert made.status_code == 302
    cost = SharedCost.objects.get()
    days = {"first": "2025-10-07", "last": "2025-10-07"}
    page = manager.post(f"/shared-costs/{cost.pk}/run/", days)
    assert "Nothing is booked yet" in page.content.decode()
    assert not Run.objects.exists()
    assert manager.post(f"/shared-costs/{cost.pk}/run/", {**days, "book": ""}).status_code == 302
    run = Run.objects.get()
    assert sum(share.amount for share in run.shares.all()) == run.cost == 24 * 50 * 200_000
    again = manager.post(f"/shared-costs/{cost.pk}/run/", {**days, "book": ""}, follow=True)
    assert "charged already" in again.content.decode()
    assert manager.get(f"/properties/{pk}/shared-costs/").status_code == 200
    anna = run.shares.get(unit__name="Flat 1").tenancy
    assert manager.login(username="flat1", password=PASSWORD)
    assert "Stairs" in manager.get(f"/tenancies/{anna.pk}/shares/").content.decode()
    mine = manager.get(f"/tenancies/{anna.pk}/shares/{run.shares.get(tenancy=anna).pk}/").content.decode()
    assert "1.200" in mine and "7.200" in mine and "Ben" not in mine and "Flat 2" not in mine
    assert manager.get(f"/tenancies/{run.shares.get(unit__name='Flat 2').tenancy_id}/statement/").status_code == 404
    assert manager.post(f"/runs/{run.pk}/reverse/").status_code == 404
    assert manager.login(username="manager", password=PASSWORD)
    assert "Give this run of" in manager.post(f"/runs/{run.pk}/reverse/").content.decode()
    assert manager.post(f"/runs/{run.pk}/reverse/", {"sure": "reverse"}).status_code == 302
    run.refresh_from_db()
    assert run.reversed_at


SEEN = {"first": "From", "last": "Until", "amount": "Amount"}
NONSENSE = [
    ({"first": "", "last": "2025-10-07"}, "first"),
    ({"first": "2025-10-08", "last": "2025-10-07"}, "last"),
    ({"first": "0001-01-01", "last": "2025-10-07"}, "first"),
    ({"first": "0001-01-01", "last": "0001-01-02"}, "first"),
    ({"first": "9999-12-31", "last": "9999-12-31"}, "first"),
    ({"first": "2025-10-07", "last": "2025-10-07", "amount": "lots"}, "amount"),
    ({"first": "2025-10-07", "last": "2025-10-07", "amount": "-5"}, "amount"),
]


@pytest.mark.parametrize(("given", "field"), NONSENSE)
def test_nonsense_for_a_run_is_named_by_its_field(manager, program, lived, building, given, field):
    cost = SharedCost.objects.create(property=building.property, name="Garden")
    page = manager.post(f"/shared-costs/{cost.pk}/run/", {**given, "book": ""}, follow=True)
    assert f"{SEEN[field]}:" in page.content.decode()
    body = {"first": given["first"] or "x", "last": given["last"], "bill": given.get("amount", "5"), "book": True}
    assert program("post", f"shared-costs/{cost.pk}/runs", body).status_code in (400, 422)
    command = CliRunner().invoke(
        app,
        [
            "shared-cost",
            "run",
            "Garden",
            "--from",
            given["first"],
            "--until",
            given["last"],
            "--bill",
            given.get("amount", "5"),
            "--book",
        ],
    )
    assert command.exit_code == 2
    assert not Run.objects.exists()
