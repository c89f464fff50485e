"""What a page shows of a meter that is looked at: now, and nobody's books are touched by it."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from prewatt.kernel.sentences import sentence
from prewatt.kernel.units import HOUR, MINUTE, NANO, SECOND
from prewatt.processes.pages.streams import look
from prewatt.server.estate.models import Tenancy, Unit
from prewatt.server.ledger.models import Transfer
from prewatt.server.metering import looks
from prewatt.server.metering.models import Gateway, JournalEntry, LiveReading, Look, Meter
from prewatt.server.overview.places import keep_places
from prewatt.server.tenancies.moving import move_in, move_out
from prewatt.server.web import live, watching
from prewatt.server.web.watching import PROPERTIES, state_of, unseal
from prewatt.wire.messages import Live, LiveMeter
from tests.gateway import Edge, take
from tests.recorded import recorded_once

pytestmark = pytest.mark.database
HTMX = {"HX-Request": "true"}
SEEN, STREAM = r'\?seen=([0-9a-f]+)"', r'data-stream="/live/\?ticket=([^"]+)"'


@pytest.fixture
@recorded_once
def edge(building, clock, store):
    """A gateway that is online, whose meters have each a journal."""
    made = Edge(building.code, clock)
    for meter in made.accounts:
        made.read(meter, 5000)
        made.obey(meter)
    made.deliver(store)
    Gateway.objects.update(is_online=True, since=clock.now())
    return made


@pytest.fixture
def moments(monkeypatch):
    """The system's clock, put where a test says."""

    class Moments:
        at = 1_800_000_000 * SECOND

    for module in (looks, watching, live):
        monkeypatch.setattr(module, "system_now", lambda: Moments.at)
    return Moments


def told(edge, *meters, number=None, **changes):
    edge.number += 1
    given = {"at": edge.clock.now(), "register": 5250, "power": 1234, "closed": True, "balance": -NANO}
    seen = tuple(LiveMeter(meter, **{**given, **changes}) for meter in meters)
    return edge.send(Live("g1", 1, edge.number if number is None else number, b"session", seen))


class Page:
    """An open page, with its stream: what the pages' process does for it once a second."""

    def __init__(self, client, path):
        self.client, self.path = client, path
        self.mark, self.now = "", ""
        self._take(client.get(path))

    def _take(self, answer):
        self.status, self.text = answer.status_code, answer.content.decode()
        self.retargeted = answer.headers.get("HX-Retarget", "")
        if found := re.search(SEEN, self.text):
            self.seen = found[1]
        if found := re.search(STREAM, self.text):
            self.ticket = unseal(found[1], self.session)
            self.state = self.ticket.state
        return self

    @property
    def session(self):
        return self.client.cookies[settings.SESSION_COOKIE_NAME].value

    def ask(self):
        """Ask for the live part."""
        return self._take(self.client.get(f"{self.path}?seen={self.seen}", headers=HTMX))

    def tick(self):
        """One look of the stream. Returns whether something else than the present has changed."""
        meter, shown = self.ticket.topic[1][0], self.ticket.shown
        seen = look([self.ticket.topic], {(meter, shown, self.mark)} if shown else ())
        self.mark, self.now = seen.marks[meter], seen.html.get((meter, shown), "")
        before, self.state = self.state, seen.states[self.ticket.topic]
        return self.state != before


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
    assert re.search("Last stored reading: [^<]*, 5.000&nbsp;kWh", text)


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
        assert not page.tick()
        assert looks.looked_at(range(64)) == [("g1", "m1", False)]
    moments.at += looks.LOOK_FOR
    assert looks.looked_at(range(64)) == []


def test_an_open_page_is_sent_the_present_and_told_of_changes_and_is_not_worked_out_to_find_out(
    edge, store, log_in, moments, django_assert_num_queries
):
    page = Page(log_in("flat1"), "/me/")
    assert not page.tick()
    take(store, told(edge, "m1"))
    moments.at += SECOND
    # One question for the meters of all open pages together.
    with django_assert_num_queries(1):
        assert not page.tick()
    assert "1.234&nbsp;kW" in page.now and "this month" not in page.now
    assert not page.tick() and page.now == ""
    edge.read("m1", 5100)
    edge.deliver(store)
    assert page.tick() and not page.tick()
    assert "this month" in page.ask().text
    # What the browser has already is not sent again, but it gets a ticket for another while.
    before = page.ticket
    moments.at += SECOND
    page.ask()
    assert (page.status, page.retargeted) == (200, "#ticket") and "this month" not in page.text
    assert page.ticket.ends > before.ends and page.ticket.state == page.state


def test_a_ticket_is_good_for_its_own_session_and_time_alone(edge, store, log_in, moments):
    mine = Page(log_in("flat1"), "/me/")
    text, session = re.search(STREAM, mine.text)[1], mine.session
    other = log_in("flat2").cookies[settings.SESSION_COOKIE_NAME].value
    assert unseal(text, session).topic == ("meter", (Meter.objects.get(name="m1").pk,))
    assert unseal(text, other) is None and unseal(text, "") is None
    assert unseal(text[:-2] + "AA", session) is None and unseal("nonsense", session) is None
    moments.at += HOUR
    assert unseal(text, session) is None


def test_a_page_of_properties_is_told_of_journals_orders_networks_and_alarms_of_its_own(edge, store, log_in, clock):
    from prewatt.server.metering.alarms import raise_alarm
    from prewatt.server.sales.top_ups import top_up

    home = Unit.objects.first().property
    topic = (PROPERTIES, (home.pk,))

    def changes(do):
        # What the worker does all the time.
        keep_places([home.pk])
        before = state_of(topic)
        do()
        keep_places([home.pk])
        return state_of(topic) != before

    assert not changes(lambda: None)
    assert changes(lambda: (edge.read("m1", 5100), edge.deliver(store)))
    assert changes(lambda: top_up(Tenancy.objects.get(tenant="Anna"), NANO, "x"))
    assert changes(lambda: Gateway.objects.update(is_online=False, since=clock.now()))
    assert changes(lambda: raise_alarm("difference", sentence("look"), clock.now(), meter=Meter.objects.get(name="m1")))
    assert state_of((PROPERTIES, (home.pk + 1,))) != state_of(topic)
    assert f"{home.pk}" in log_in("manager").get("/properties/").content.decode()


def test_without_a_network_the_page_says_what_is_known_how_old_it_is_and_since_when(
    edge, store, log_in, moments, clock
):
    take(store, told(edge, "m1"))
    page = Page(log_in("flat1"), "/me/")
    assert "1.234&nbsp;kW" in page.text
    clock.at += 10 * MINUTE
    Gateway.objects.update(is_online=False, since=clock.now())
    moments.at += SECOND
    assert page.tick()
    text = page.now
    assert "As of 6 Oct, 12:00." in text
    assert "The building is not reachable since 6 Oct, 12:10." in text
    assert "1.234&nbsp;kW" not in text and "live" not in text


def test_what_was_told_a_while_ago_is_not_called_live(edge, store, log_in, moments):
    take(store, told(edge, "m1"))
    page = Page(log_in("flat1"), "/me/")
    page.tick()
    moments.at += looks.FRESH + SECOND
    assert not page.tick() and "1.234&nbsp;kW" not in page.now and "As of 6 Oct, 12:00." in page.now


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
    page.tick()
    assert "77.00" not in page.ask().text + page.now


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
    assert "1 of 3 has answered." in text and "1 is still missing." in text and "No answer from 1." in text
    assert "1.234" in text
    Gateway.objects.update(is_online=False, since=clock.now())
    assert "offline since 6 Oct, 12:00" in manager.get(path).content.decode()
    Gateway.objects.update(is_online=True)
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
