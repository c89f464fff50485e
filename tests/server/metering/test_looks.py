"""What a page shows of a meter that is looked at: now, and nobody's books are touched by it."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from prewatt.kernel.units import MINUTE, NANO, SECOND
from prewatt.server.estate.models import Tenancy, Unit
from prewatt.server.ledger.models import Transfer
from prewatt.server.metering import looks
from prewatt.server.metering.models import Gateway, JournalEntry, LiveReading, Look, Meter
from prewatt.server.tenancies.moving import move_in, move_out
from prewatt.wire.messages import Live, LiveMeter
from tests.gateway import Edge, take

pytestmark = pytest.mark.database
HTMX = {"HX-Request": "true"}
PARTS = {"seen": r'\?seen=([0-9a-f]+)"', "look": r'name="look" value="([^"]*)"', "now": r'name="now" value="([^"]*)"'}


@pytest.fixture
def edge(building, clock, store):
    """A gateway that is online, whose meters have each a journal."""
    made = Edge(building.code, clock)
    for meter in made.accounts:
        made.read(meter, 5000)
        made.obey(meter)
    made.deliver(store)
    Gateway.objects.update(online=True, since=clock.now())
    # Pages of one process share what they have read, for a moment: each test has a moment of its own.
    from prewatt.server.web import looking

    looking.board.__init__()
    return made


@pytest.fixture
def moments(monkeypatch):
    """The system's clock, put where a test says."""

    class Moments:
        at = 1_800_000_000 * SECOND

    monkeypatch.setattr(looks, "system_now", lambda: Moments.at)
    return Moments


def told(edge, *meters, number=None, **changes):
    edge.number += 1
    given = {"at": edge.clock.now(), "register": 5250, "power": 1234, "closed": True, "balance": -NANO}
    seen = tuple(LiveMeter(meter, **{**given, **changes}) for meter in meters)
    return edge.send(Live("g1", 1, edge.number if number is None else number, b"session", seen))


class Page:
    """An open page, as htmx keeps it."""

    def __init__(self, client, path):
        self.client, self.path, self.parts = client, path, {}
        self.status, self.text = 200, ""
        self._take(client.get(path))

    def _take(self, answer):
        self.status, self.text = answer.status_code, answer.content.decode()
        self.retargeted = answer.headers.get("HX-Retarget", "")
        for name, pattern in PARTS.items():
            if found := re.search(pattern, self.text):
                self.parts[name] = found[1]
        return self

    def ask(self, **changes):
        return self._take(self.client.get(self.path, {**self.parts, **changes}, headers=HTMX))


def test_what_is_told_of_a_look_is_shown_and_changes_neither_journal_nor_balance(edge, store, log_in, moments):
    def books():
        rows = Meter.objects.order_by("pk").values_list(
            "seq", "balance", "register", "head", "told_seq", "told_balance"
        )
        return [list(rows), JournalEntry.objects.count(), Transfer.objects.count()]

    before = books()
    result = take(store, told(edge, "m1", "m2"))
    assert not result.refusals and not result.receipts
    assert books() == before
    text = log_in("flat1").get("/me/").content.decode()
    assert "1.234&nbsp;kW" in text and "5.250&nbsp;kWh" in text and "-1.00" in text and "live" in text
    # What is billed stays what the journal says.
    assert "Charged until" in text and "5.000 kWh" in text


def test_what_is_told_of_anothers_meter_or_again_is_refused(edge, store, moments):
    assert [each.reason for each in take(store, told(edge, "m9")).refusals] == ["foreign"]
    assert take(store, told(edge, "m1")).refusals == []
    assert [each.reason for each in take(store, told(edge, "m1", number=edge.number - 1)).refusals] == ["replayed"]
    assert LiveReading.objects.count() == 1


def test_an_open_page_has_its_meter_looked_at_and_a_closed_one_no_more(edge, log_in, moments):
    assert looks.looked_at(range(64)) == []
    page = Page(log_in("flat1"), "/me/")
    assert looks.looked_at(range(64)) == [("g1", "m1", False)]
    for _ in range(20):
        moments.at += 2 * SECOND
        page.ask()
        assert looks.looked_at(range(64)) == [("g1", "m1", False)]
    moments.at += looks.LOOK_FOR
    assert looks.looked_at(range(64)) == []


def test_of_an_open_page_only_the_present_is_sent_while_nothing_else_can_have_changed(
    edge, store, log_in, moments, django_assert_num_queries
):
    page = Page(log_in("flat1"), "/me/")
    assert page.ask().status == 204
    take(store, told(edge, "m1"))
    moments.at += SECOND
    # One question for the meters of all open pages together.
    with django_assert_num_queries(1):
        assert page.ask().retargeted == "#now"
    assert "1.234&nbsp;kW" in page.text and "Top-ups" not in page.text
    with django_assert_num_queries(0):
        assert page.ask().status == 204
    edge.read("m1", 5100)
    edge.deliver(store)
    moments.at += SECOND
    assert "Top-ups" in page.ask().text
    assert page.retargeted == ""


def test_a_ticket_is_good_for_its_own_page_and_session_alone(edge, store, log_in, moments):
    take(store, told(edge, "m1"), told(edge, "m2"))
    mine, other = Page(log_in("flat1"), "/me/"), Page(log_in("flat2"), "/me/")
    unit = Unit.objects.get(name="Flat 1")
    manager = log_in("manager")
    # Of one session too: the page of one flat, asked with the ticket of another.
    flat2 = Page(manager, f"/units/{Unit.objects.get(name='Flat 2').pk}/").parts
    given = {**mine.parts, "now": "0", "seen": ""}
    for answer in (
        other.client.get("/me/", given, headers=HTMX),
        manager.get(f"/units/{unit.pk}/", given, headers=HTMX),
        manager.get(f"/units/{unit.pk}/", {**flat2, "now": "0", "seen": ""}, headers=HTMX),
        mine.client.get("/me/", {**given, "look": mine.parts["look"][:-2] + "AA"}, headers=HTMX),
        mine.client.get("/me/", {**given, "look": "nonsense"}, headers=HTMX),
    ):
        assert "HX-Retarget" not in answer.headers
    assert mine.ask(now="0").retargeted == "#now"
    # Not for long either: then the page is worked out anew, and who may see it is asked again.
    edge.clock.at += 2 * MINUTE
    mine.client.logout()
    assert mine.client.get("/me/", {**mine.parts, "now": "0"}, headers=HTMX).status_code == 302


def test_without_a_network_the_page_says_what_is_known_how_old_it_is_and_since_when(
    edge, store, log_in, moments, clock
):
    take(store, told(edge, "m1"))
    page = Page(log_in("flat1"), "/me/")
    assert "1.234&nbsp;kW" in page.text
    clock.at += 10 * MINUTE
    Gateway.objects.update(online=False, since=clock.now())
    moments.at += SECOND
    text = page.ask().text
    assert "As of 6 Oct, 12:00." in text
    assert "The building is not reachable since 6 Oct, 12:10." in text
    assert "1.234&nbsp;kW" not in text and "live" not in re.sub(r'id="live"', "", text)


def test_what_was_told_a_while_ago_is_not_called_live(edge, store, log_in, moments):
    take(store, told(edge, "m1"))
    page = Page(log_in("flat1"), "/me/")
    moments.at += looks.FRESH + SECOND
    assert "1.234&nbsp;kW" not in page.ask().text and "As of 6 Oct, 12:00." in page.text


def test_a_meter_that_does_not_answer_is_said_not_to(edge, store, log_in, moments):
    take(store, told(edge, "m1", register=None, power=None, balance=None, closed=None, cause="no answer <b>"))
    text = log_in("flat1").get("/me/").content.decode()
    assert "The meter does not answer now (no answer &lt;b&gt;)." in text
    assert "As of 6 Oct, 12:00." in text


def test_of_a_register_that_cannot_be_true_the_journals_balance_stays(edge, store, log_in, moments):
    take(store, told(edge, "m1", balance=None))
    assert '<p class="big">0.00' in log_in("flat1").get("/me/").content.decode()


def test_who_moves_in_is_not_shown_the_balance_of_who_moved_out(edge, store, log_in, moments, clock):
    """Until it is settled what the meter says is the former tenant's."""
    tenancy = Tenancy.objects.get(tenant="Anna")
    move_out(tenancy, clock.now() + MINUTE)
    new = move_in(tenancy.unit, "Cleo", clock.now() + 2 * MINUTE)
    tenancy.residents.update(tenancy=new)
    clock.at += 5 * MINUTE
    take(store, told(edge, "m1", balance=77 * NANO))
    page = Page(log_in("flat1"), "/me/")
    assert "Cleo" in page.text and "77.00" not in page.text and "1.234&nbsp;kW" in page.text
    assert "77.00" not in page.ask(now="0").text


def test_a_page_does_not_wait_for_others_who_write(transactional_db, clock, moments):
    """On SQLite all writers wait for one another, for half a minute: who only looks does not."""
    if connection.vendor != "sqlite":
        pytest.skip("others don't lock the whole database there")
    with connection.cursor() as cursor:
        file = next(row[2] for row in cursor.execute("PRAGMA database_list").fetchall() if row[1] == "main")
    if not file or not Path(file).exists():
        pytest.skip("nobody else can lock a database that is in memory")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        looks.look_at([1])
        other.execute("ROLLBACK")
    assert not Look.objects.exists()
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone()[0] > looks.PATIENCE


def test_all_meters_of_a_building_are_read_once_and_who_has_answered_is_shown(edge, store, log_in, moments, clock):
    manager, home = log_in("manager"), Unit.objects.first().property
    path = f"/properties/{home.pk}/readings/"
    assert "as of 6 Oct, 12:00" in manager.get(path).content.decode()
    assert manager.post(path, follow=True).content.decode().count("asked</span>") == 3
    assert sorted(looks.looked_at(range(64))) == [("g1", name, True) for name in ("m1", "m2", "m3")]
    moments.at += SECOND
    take(store, told(edge, "m1"), told(edge, "m2", register=None, power=None, balance=None, cause="no answer"))
    assert looks.looked_at(range(64)) == [("g1", "m3", True)]
    text = manager.get(path).content.decode()
    assert "1 of 3 has answered." in text and "1 is still to come." in text and "No answer from 1." in text
    assert "1.234" in text
    Gateway.objects.update(online=False, since=clock.now())
    assert "offline since 6 Oct, 12:00" in manager.get(path).content.decode()
    Gateway.objects.update(online=True)
    moments.at += looks.ASKED_FOR
    assert "no answer" in manager.get(path).content.decode()
    assert looks.looked_at(range(64)) == []


def test_one_meter_is_read_now_for_its_manager_alone(edge, log_in, moments):
    unit = Unit.objects.get(name="Flat 3")
    assert log_in("flat1").post(f"/units/{unit.pk}/read-now/").status_code == 404
    assert log_in("flat1").post(f"/properties/{unit.property_id}/readings/").status_code == 404
    assert looks.looked_at(range(64)) == []
    answer = log_in("manager").post(f"/units/{unit.pk}/read-now/")
    assert answer.status_code == 302
    assert looks.looked_at(range(64)) == [("g1", "m3", True)]
