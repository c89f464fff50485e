"""What a flat used, over the API: the parts of the chart, exactly; what nobody knows is null; a tenant sees their own time alone."""

import json
from datetime import date
from decimal import Decimal

import pytest

from prewatt.kernel.units import NANO
from prewatt.server.accounts.memberships import Membership
from prewatt.server.accounts.rights import Role
from prewatt.server.estate.models import Tenancy, Unit
from prewatt.server.metering.models import Meter
from prewatt.server.web.charts import Period, chart_of

USAGE = "/api/v1/{}/{}/usage"


@pytest.fixture
def flat(lived):
    return Unit.objects.get(name="Flat 1")


def usage(client, what, pk, **asked):
    return client.get(USAGE.format(what, pk), asked).json()


def test_days_are_exact_decimals_as_text_and_what_was_not_read_is_null(manager, flat, clock):
    answer = usage(manager, "units", flat.pk, period="month", day="2025-10-08")
    chart = chart_of(Meter.objects.get(unit=flat), Period.MONTH, date(2025, 10, 8), clock.at)
    assert [each["state"] for each in answer["parts"]] == [each.state for each in chart.parts]
    known = [each for each in answer["parts"] if each["kwh"] is not None]
    assert 0 < len(known) < len(answer["parts"]) == 31
    assert sum(Decimal(each["kwh"]) for each in known) == Decimal(answer["kwh"]) == Decimal(chart.energy) / 1000
    assert sum(Decimal(each["charge"]) for each in known) * NANO == chart.charge
    assert Decimal(answer["charge"]) * NANO == chart.charge and answer["currency"] == "EUR"
    for each in known:
        assert sum(Decimal(rate["kwh"]) for rate in each["rates"]) == Decimal(each["kwh"])
    # Before the first reading nobody knows; later there is nothing yet. Neither is zero.
    assert answer["parts"][0]["state"] in ("unknown", "ahead") and answer["parts"][0]["kwh"] is None
    assert answer["parts"][-1] == {**answer["parts"][-1], "state": "ahead", "kwh": None, "charge": None, "rates": []}
    assert "0.0" not in json.dumps([each["kwh"] for each in answer["parts"] if each["state"] in ("unknown", "ahead")])


def test_a_tenant_sees_their_own_time_alone(log_in, flat, clock):
    manager, tenant = log_in("manager"), log_in("flat1")
    own = Tenancy.objects.get(unit=flat)
    whole = usage(manager, "units", flat.pk, period="month", day="2025-10-08")
    Tenancy.objects.filter(pk=own.pk).update(begins=clock.at - 12 * 3_600 * 10**6)
    part = usage(tenant, "tenancies", own.pk, period="month", day="2025-10-08")
    assert Decimal(part["kwh"]) < Decimal(whole["kwh"]) and part["charge"] is not None
    # Neither the flat's whole time, nor another's.
    assert tenant.get(USAGE.format("units", flat.pk)).status_code in (403, 404)
    other = Tenancy.objects.get(tenant="Ben")
    assert tenant.get(USAGE.format("tenancies", other.pk)).status_code == 404


def test_who_sees_no_money_gets_energy_without_it(manager, flat):
    Membership.objects.filter(user__username="manager").update(role=Role.SITE_STAFF)
    answer = usage(manager, "units", flat.pk, period="day", day="2025-10-08")
    assert answer["charge"] is None and Decimal(answer["kwh"]) > 0
    assert {each["charge"] for each in answer["parts"]} == {None}


@pytest.mark.parametrize(
    ("asked", "field"), [({"period": "week"}, "period"), ({"day": "1066-10-14"}, "day"), ({"day": "soon"}, "day")]
)
def test_what_can_not_be_is_refused_with_its_field(manager, flat, asked, field):
    answer = manager.get(USAGE.format("units", flat.pk), asked)
    assert answer.status_code in (400, 422) and field in answer.content.decode()
