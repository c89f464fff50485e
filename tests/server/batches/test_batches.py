"""Many flats at once: what was shown is done, to each flat once, also when it is cut off; who can't is passed over and told."""

import io
import re
import zipfile

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from prewatt.kernel.units import DAY, NANO
from prewatt.processes import tasks as processes
from prewatt.server.accounts.memberships import put_member
from prewatt.server.accounts.rights import Role
from prewatt.server.batches import money
from prewatt.server.correspondence.models import Note
from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
from prewatt.server.metering.models import Meter
from prewatt.server.tariffs.models import Tariff, TariffVersion
from prewatt.server.tasks.left_tasks import cut_off
from prewatt.server.tasks.models import Task
from prewatt.server.tasks.queueing import claim
from prewatt.server.vending.models import Command, EmergencyCode, TopUp
from tests.server.accounts.landlords import person

pytestmark = pytest.mark.database


class Many:
    """A person at the page of many flats."""

    def __init__(self, client):
        self.client, self.home = client, Property.objects.get()
        self.page = f"/properties/{self.home.pk}/batches/"
        self.flats = list(self.home.units.order_by("name").values_list("pk", flat=True))

    def preview(self, do, units=None, **typed):
        given = {"do": do, "unit": self.flats if units is None else units, **typed}
        return self.client.post(f"{self.page}preview/", given, follow=True)

    def told(self, shown):
        """What the preview says of each flat."""
        rows = shown.context["rows"]
        return {each.flat.unit.name: each.planned.text if each.planned else f"no: {each.refused}" for each in rows}

    def confirm(self, shown, do=None):
        sent = re.search(r'name="signed" value="([^"]+)"', shown.content.decode())[1]
        do = do or re.search(r'name="do" value="([^"]+)"', shown.content.decode())[1]
        return self.client.post(f"{self.page}run/", {"do": do, "signed": sent})

    def run(self, do, **typed):
        """What came of it, flat by flat."""
        answer = self.confirm(self.preview(do, **typed))
        processes._do(claim(1))
        outcome = self.client.get(answer.url, follow=True).context["outcome"]
        return {each["name"]: (each["done"], each["text"]) for each in outcome["rows"]}


@pytest.fixture
def many(manager):
    return Many(manager)


class Killed(BaseException):
    """The process is gone."""


def test_money_is_credited_to_each_flat_and_who_can_not_have_it_is_passed_over(many):
    shown = many.preview("top-up", amount="20", way="cash", note="S-1")
    assert many.told(shown) == {
        "Flat 1": "20.00 EUR are credited to Anna.",
        "Flat 2": "20.00 EUR are credited to Ben.",
        "Flat 3": "no: Nobody lives here.",
    }
    assert (shown.context["able"], shown.context["unable"], shown.context["sum"]) == (2, 1, "40.00 EUR")
    # Until it is confirmed nothing is done.
    assert not TopUp.objects.exists()
    outcome = many.run("top-up", amount="20", way="cash", note="S-1")
    assert [each[0] for each in outcome.values()] == [True, True]
    rows = TopUp.objects.order_by("tenancy__tenant").values_list("tenancy__tenant", "amount", "receipt")
    assert list(rows) == [("Anna", 20 * NANO, "S-1 Flat 1"), ("Ben", 20 * NANO, "S-1 Flat 2")]


@pytest.mark.parametrize("moment", ["before", "within", "after"])
@pytest.mark.parametrize("flat", [0, 1])
def test_cut_off_at_any_flat_and_begun_again_nobody_is_credited_twice(many, monkeypatch, moment, flat):
    answer = many.confirm(many.preview("top-up", amount="20"))
    real, count = money.TopUps.carry_out, []

    def killed(act, batch, flats):
        """Dies at one flat: before it, with it booked and not committed, or at the next step after it."""
        count.append(flats)
        if len(count) == flat + 1 and moment == "before":
            raise Killed
        text = real(act, batch, flats)
        if len(count) == flat + 1 and moment == "within":
            raise Killed
        return text

    def progress(_task, done, _of):
        if done == flat + 1 and moment == "after":
            raise Killed

    monkeypatch.setattr(money.TopUps, "carry_out", killed)
    monkeypatch.setattr(processes, "advance", progress)
    monkeypatch.setattr(processes, "STEP", 0)
    try:
        processes._do(claim(7))
    except Killed:
        cut_off(7)
    monkeypatch.undo()
    again = claim(8)
    if again is not None:
        processes._do(again)
    assert list(TopUp.objects.order_by("tenancy__tenant").values_list("tenancy__tenant", flat=True)) == ["Anna", "Ben"]
    outcome = many.client.get(answer.url, follow=True).context["outcome"]
    assert (outcome["done"], outcome["left"]) == (2, 0)


def test_a_mistake_with_one_flat_keeps_no_other_waiting(many, monkeypatch):
    real = money.TopUps.carry_out

    def wrong(act, batch, flats):
        if flats[0].unit.name == "Flat 1":
            raise RuntimeError
        return real(act, batch, flats)

    monkeypatch.setattr(money.TopUps, "carry_out", wrong)
    outcome = many.run("top-up", amount="20")
    assert [each[0] for each in outcome.values()] == [False, True] and "made a mistake" in outcome["Flat 1"][1]
    assert list(TopUp.objects.values_list("tenancy__tenant", flat=True)) == ["Ben"]


def test_a_batch_that_is_given_up_in_the_middle_says_to_whom_it_was_done(many, monkeypatch):
    real = money.TopUps.carry_out

    def full(act, batch, flats):
        if flats[0].unit.name == "Flat 2":
            raise MemoryError
        return real(act, batch, flats)

    monkeypatch.setattr(money.TopUps, "carry_out", full)
    answer = many.confirm(many.preview("top-up", amount="20"))
    processes._do(claim(1))
    # The way back, where it is asked for again, tells who has it already.
    back = re.search(r'href="([^"]*task=[^"]*)"', many.client.get(answer.url).content.decode())[1]
    outcome = many.client.get(back).context["outcome"]
    assert [(each["name"], each["done"]) for each in outcome["rows"]] == [("Flat 2", False), ("Flat 1", True)]


def test_sent_twice_it_is_one_batch(many):
    shown = many.preview("top-up", amount="20")
    first = many.confirm(shown)
    processes._do(claim(1))
    assert many.confirm(shown).url == first.url
    assert claim(1) is None
    assert TopUp.objects.count() == 2
    # Also while a second task of it runs, such as by two clicks at the same instant.
    known = Task.objects.get()
    Task.objects.create(
        kind="batch", organisation=known.organisation, by=known.by, back="/", given=known.given, asked_at=1
    )
    processes._do(claim(1))
    assert TopUp.objects.count() == 2


def test_only_what_was_shown_is_done(many, clock):
    shown = many.preview("top-up", amount="20")
    said = many.client.post(f"{many.page}run/", {"do": "note", "signed": "x"}, follow=True).content.decode()
    assert "nothing was done" in said
    # What was signed for one act is not good for another, and not for another login.
    assert many.confirm(shown, "note").url == many.page
    other = person("other")
    put_member(Organisation.objects.get(), other, Role.MANAGER, [])
    stranger = Client()
    stranger.force_login(other)
    there = Many(stranger)
    assert there.confirm(shown).url == many.page
    assert not Task.objects.exists()
    # Anna moves out, and Zoe in: the money was not meant for Zoe.
    many.confirm(shown)
    anna = Tenancy.objects.get(tenant="Anna")
    clock.at += DAY
    Tenancy.objects.filter(pk=anna.pk).update(ends=clock.at - 1)
    Tenancy.objects.create(unit=anna.unit, tenant="Zoe", begins=clock.at)
    processes._do(claim(1))
    rows = Task.objects.get().facts["rows"]
    assert [(each["name"], each["done"]) for each in rows] == [("Flat 1", False), ("Flat 2", True)]
    assert "moved in or out" in rows[0]["text"]
    assert list(TopUp.objects.values_list("tenancy__tenant", flat=True)) == ["Ben"]


def test_an_amount_far_over_the_usual_one_is_asked_about(many):
    many.run("top-up", amount="20")
    shown = many.preview("top-up", amount="1000")
    assert shown.context["doubts"] == 2
    assert "For 2 flats this is much more than usual" in shown.content.decode()


def test_what_is_typed_wrong_stands_beside_its_field_and_the_choice_stays(many):
    for do, typed, wrong in (
        ("top-up", {"amount": "abc"}, "“abc” is not a number"),
        ("power-limit", {"power_limit": "lots"}, "lots"),
        ("codes", {"lends": "99", "days": "3"}, "at most"),
        ("note", {"title": "", "text": "x"}, "Please write something."),
        ("tariff", {"tariff": "999"}, "Choose a tariff."),
        ("nothing", {}, "There is no such choice."),
    ):
        page = many.preview(do, many.flats[:2], **typed).content.decode()
        assert wrong in page, do
        assert page.count("checked") >= 2
    assert "Choose at least one flat." in many.preview("top-up", [], amount="5").content.decode()


def test_a_note_goes_to_all_who_live_there_as_one(many):
    outcome = many.run("note", title="Water", text="Off on Monday.", urgent="on")
    assert outcome == dict.fromkeys(("Flat 1", "Flat 2"), (True, "The note is sent."))
    note = Note.objects.get()
    assert (note.title, note.is_urgent, note.addressed.count()) == ("Water", True, 2)


def test_a_limit_of_power_goes_to_each_meter_that_has_another(many):
    Meter.objects.filter(name="m2").update(power_limit="3000")
    assert (
        many.told(many.preview("power-limit", power_limit="3000"))["Flat 2"]
        == "no: This flat has this power limit already."
    )
    # Three kW were meant: the flats would go dark.
    doubtful = many.preview("power-limit", power_limit="06-22 3, 22-06 3000").context["rows"]
    assert all("more than 3 W" in each.planned.doubt for each in doubtful)
    assert not any(each.planned.doubt for each in many.preview("power-limit", power_limit="2000").context["rows"])
    outcome = many.run("power-limit", power_limit="3000")
    assert set(outcome) == {"Flat 1", "Flat 3"}
    assert set(Meter.objects.filter(unit__isnull=False).values_list("power_limit", flat=True)) == {"3000"}
    assert Command.objects.filter(kind="settings", meter__name="m1").exists()


def test_a_tariff_holds_for_the_whole_building_whichever_flats_are_chosen(many):
    tariff = Tariff.objects.get()
    shown = many.preview("tariff", many.flats[:1], tariff=tariff.pk, hold="at", effective="2025-12-01T00:00")
    assert len(many.told(shown)) == 3
    before = TariffVersion.objects.count()
    many.confirm(shown)
    processes._do(claim(1))
    assert TariffVersion.objects.count() == before + 1


def test_codes_end_at_what_one_person_may_give_alone(many):
    Organisation.objects.update(adjustment_limit="9")
    told = many.told(many.preview("codes", lends="5", days="3"))
    assert [text.startswith("no: ") for text in told.values()] == [False, True, True]
    assert "one person may give alone" in told["Flat 2"]
    Organisation.objects.update(adjustment_limit="100")
    outcome = many.run("codes", lends="5", days="3")
    assert all(done for done, _text in outcome.values())
    assert EmergencyCode.objects.count() == 3


def test_statements_of_a_month_come_as_one_file(many):
    # The month and the way are chosen on the page of statements, which shows the chosen flats alone.
    page = many.preview("statements", many.flats[1:])
    assert [each.unit.name for each, _paper in page.context["rows"]] == ["Flat 2"]
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', page.content.decode())
    units = [value for name, value in fields if name == "unit"]
    assert set(map(int, units)) == set(many.flats[1:])
    draw = f"/properties/{many.home.pk}/statements/draw/"
    for given, names in (({"unit": many.flats[1:]}, ["Flat 2 2025-10"]), ({}, ["Flat 1 2025-10", "Flat 2 2025-10"])):
        answer = many.client.post(draw, {"month": "2025-10", "files": "each", **given})
        processes._do(claim(1))
        task = Task.objects.latest("pk")
        assert task.result_name == "statements-2025-10.zip", task.text
        file = many.client.get(f"{answer.url}file/")
        with zipfile.ZipFile(io.BytesIO(file.content)) as packed:
            assert [name[:14] for name in packed.namelist()] == names
            assert all(packed.read(name).startswith(b"%PDF") for name in packed.namelist())
    elsewhere = many.client.post(draw, {"month": "2025-10", "unit": [*many.flats, 999_999]})
    assert elsewhere.status_code == 404


def test_papers_are_printed(many):
    labels = many.preview("labels").content.decode()
    assert labels.count('class="label"') == 3
    assert labels.count("<svg") == 3
    assert "PW" in labels
    before = list(Unit.objects.order_by("name").values_list("pin_hash", flat=True))
    Property.objects.filter(pk=many.home.pk).update(site_page="http://192.168.1.10:8080")
    pins = many.confirm(many.preview("pins")).content.decode()
    # Each leads to the building's page at its own flat.
    leads = re.findall(r"<b>http://192\.168\.1\.10:8080/\?meter=([^<]+)</b>", pins)
    assert sorted(leads) == sorted(Meter.objects.filter(unit__in=many.flats).values_list("name", flat=True))
    assert pins.count("<svg") == 3
    assert len(re.findall(r'<p class="digits">\d{6}</p>', pins)) == 3
    after = list(Unit.objects.order_by("name").values_list("pin_hash", flat=True))
    assert not set(before) & set(after)
    shown = many.preview("invitations")
    assert many.told(shown)["Flat 3"] == "no: Nobody lives here."
    assert many.confirm(shown).content.decode().count('class="invitation"') == 2


def test_each_act_needs_its_own_right(building):
    many = {}
    for role in (Role.CASHIER, Role.SITE_STAFF, Role.READ_ONLY):
        user = person(str(role))
        put_member(Organisation.objects.get(), user, role, [])
        client = Client()
        client.force_login(user)
        many[role] = Many(client)
    may = {
        Role.CASHIER: {"top-up", "statements", "labels"},
        Role.SITE_STAFF: {"note", "codes", "pins", "labels"},
        Role.READ_ONLY: {"statements", "labels"},
    }
    typed = {
        "amount": "5",
        "title": "t",
        "text": "t",
        "power_limit": "3000",
        "lends": "5",
        "days": "3",
        "month": "2025-10",
    }
    typed["tariff"] = Tariff.objects.get().pk
    for role, each in many.items():
        offered = {choice.do for choice in each.client.get(each.page).context["choices"]}
        assert offered == may[role]
        for do in ("top-up", "note", "power-limit", "tariff", "codes", "statements", "labels", "invitations", "pins"):
            assert each.preview(do, **typed).status_code == (200 if do in may[role] else 403), (role, do)
            refused = each.client.post(f"{each.page}run/", {"do": do, "signed": "x"})
            assert refused.status_code == (302 if do in may[role] else 403), (role, do)
    assert get_user_model().objects.count() > 3


def test_flats_that_were_chosen_elsewhere_arrive_chosen(many):
    page = many.client.get("/batches/", {"unit": many.flats[:2]}, follow=True)
    assert page.redirect_chain[0][0].startswith(many.page)
    assert [each.is_marked for each in page.context["choice"].offers] == [True, True, False]
    other = Property.objects.create(
        organisation=many.home.organisation, name="Far", currency="EUR", zone="Europe/Berlin"
    )
    far = Unit.objects.create(property=other, name="F")
    several = many.client.get("/batches/", {"unit": [*many.flats, far.pk, 999]})
    assert [(each[0].name, each[2]) for each in several.context["groups"]] == [("Far", 1), ("Linden 5", 3)]
