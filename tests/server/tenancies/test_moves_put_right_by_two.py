"""Two people correct one move: nobody undoes what the other has done without having seen it."""

import re

import pytest

from prewatt.kernel.units import DAY, NANO
from prewatt.server.billing.models import MoveChange
from prewatt.server.core.errors import Refused
from prewatt.server.estate.models import Tenancy
from prewatt.server.metering.models import Meter
from prewatt.server.tenancies.put_right import Change, put_right
from prewatt.server.tenancies.seen import correctable
from tests.building import NOON
from tests.reading import fields_of

pytestmark = pytest.mark.database
SAID = "Somebody else has changed this move since you opened the page. Look at it again."


@pytest.fixture
def anna(lived):
    """Anna's tenancy; it began at noon."""
    Tenancy.objects.filter(unit__name="Flat 1").update(begins=NOON - DAY)
    return Tenancy.objects.select_related("unit__property__organisation").get(unit__name="Flat 1")


@pytest.fixture
def path(anna):
    return f"/tenancies/{anna.pk}/put-move-right/"


def field(html, name):
    """What stands in a field of the page's last form."""
    form = html[html.rindex("<form method") :]
    (tag,) = re.findall(rf'<input[^>]*name="{name}"[^>]*>', form)
    return re.findall(r'value="([^"]*)"', tag)[0]


def filled_in(html):
    """What a browser sends of the page's last form, as it stands there."""
    names = ("begins", "tenant", "deposit", "seen-begins", "seen-ends", "seen-tenant", "seen-deposit")
    return {name: field(html, name) for name in names}


def previewed(manager, path):
    """What the form sends whose result, another name, was just looked at."""
    typed = filled_in(manager.get(path).content.decode()) | {"tenant": "Anna Maria"}
    page = manager.post(path, {**typed, "do": "look"}).content.decode()
    return fields_of(page, '<form class="line"') | {"reason": "her name"}


def test_what_was_looked_at_is_done_if_nobody_has_changed_it_since(manager, anna, path):
    assert manager.post(path, {**previewed(manager, path), "do": "do"}).status_code == 302
    assert correctable(Tenancy.objects.get(pk=anna.pk)) == {**correctable(anna), "tenant": "Anna Maria"}


@pytest.mark.parametrize(
    "change", [Change(begins=NOON - 2 * DAY), Change(tenant="Anne"), Change(deposit=NANO), Change(ends=NOON + DAY)]
)
def test_a_form_that_is_older_than_anothers_correction_is_refused(manager, anna, path, admin_user, change):
    typed = previewed(manager, path)
    put_right(anna, change, admin_user, "seen by nobody else")
    was = correctable(Tenancy.objects.get(pk=anna.pk))
    for do in ("do", "look"):
        page = manager.post(path, {**typed, "do": do})
        assert page.status_code == 400 and SAID in page.content.decode() and "Correct it" not in page.content.decode()
    assert correctable(Tenancy.objects.get(pk=anna.pk)) == was and MoveChange.objects.count() == 1


def test_what_was_typed_stays_and_goes_on_from_what_the_other_has_stored(manager, anna, path, admin_user):
    typed = previewed(manager, path)
    put_right(anna, Change(begins=NOON - 2 * DAY), admin_user, "came a day earlier")
    stored = field(manager.get(path).content.decode(), "begins")
    page = manager.post(path, {**typed, "do": "do"}).content.decode()
    assert typed["begins"] != stored
    assert [field(page, name) for name in ("tenant", "begins", "reason")] == ["Anna Maria", stored, "her name"]
    again = filled_in(page) | {"reason": "her name"}
    assert manager.post(path, {**again, "do": "do"}).status_code == 302
    corrected = {**correctable(anna), "begins": NOON - 2 * DAY, "tenant": "Anna Maria"}
    assert correctable(Tenancy.objects.get(pk=anna.pk)) == corrected


def test_what_another_stores_between_the_look_and_the_lock_is_seen_too(anna, admin_user):
    seen = correctable(anna)
    put_right(anna, Change(tenant="Anne"), admin_user, "misheard")
    with pytest.raises(Refused, match=SAID):
        put_right(anna, Change(deposit=NANO, seen=seen), admin_user, "forgotten")
    assert Tenancy.objects.get(pk=anna.pk).deposit == anna.deposit


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change(tenant="Anne"), "Name: now Anne."),
        (Change(begins=NOON - 2 * DAY), "From: now 2025-10-04T10:00:00Z."),
        (Change(ends=NOON + DAY), "Until: now 2025-10-07T10:00:00Z."),
        (Change(deposit=NANO), "Deposit: now 1.000000000."),
    ],
)
def test_a_program_that_says_what_it_believed_corrects_nothing_that_is_another_by_now(
    program, anna, admin_user, change, said
):
    path = f"tenancies/{anna.pk}/put-move-right"
    given = {"reason": "her name", "tenant": "Anna Maria"}
    seen = program("post", path, {**given, "preview": True}).json()["seen"]
    assert [*seen] == ["begins", "ends", "tenant", "deposit", "last_reading"] and seen["ends"] is None
    put_right(anna, change, admin_user, "seen by nobody else")
    for preview in (True, False):
        answer = program("post", path, {**given, "believed": seen, "preview": preview})
        assert answer.status_code == 409
        assert said in answer.json()["errors"][0]["message"]
    assert MoveChange.objects.count() == 1
    # Who has looked again corrects it; what is left out is not compared.
    again = program("post", path, {**given, "preview": True}).json()["seen"]
    believed = {name: again[name] for name in ("tenant", "last_reading")}
    assert program("post", path, {**given, "believed": believed}).status_code == 200


def test_a_reading_that_has_come_since_is_told_to_a_program_that_has_said_which_was_the_last(program, anna):
    path, given = f"tenancies/{anna.pk}/put-move-right", {"reason": "her name", "tenant": "Anna Maria"}
    seen = program("post", path, {**given, "preview": True}).json()["seen"]
    meter = Meter.objects.get(unit=anna.unit_id)
    Meter.objects.filter(pk=meter.pk).update(read_at=meter.read_at + 1)
    answer = program("post", path, {**given, "believed": {"last_reading": seen["last_reading"]}})
    assert answer.status_code == 409 and "Last reading: now " in answer.json()["errors"][0]["message"]
    wrong = program("post", path, {**given, "believed": {"last_reading": "soon"}})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "believed")
