"""This module finds which page names a fault that was switched on, and in which words. It reads pages as people do: the
manager's pages on the server, and the gateway's own.
"""

from __future__ import annotations

import http.cookiejar
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from html.parser import HTMLParser
from typing import NamedTuple

from django.urls import reverse
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ..kernel.entries import Event, decode_entry
from ..kernel.events import words_of
from ..server.metering.models import JournalEntry, Meter
from ..terminal_texts import _
from .wiring import FAULTS

WITHIN = 30.0
"""Seconds in which a page must come."""


class Named(NamedTuple):
    """A page that names a fault. `where`: the line, or the flat with its meter. `words`: what stands there."""

    fault: str
    where: str
    page: str
    words: str


class _Text(HTMLParser):
    """The text of a page: all of it, and by the headings under which its list items stand."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.items: dict[str, list[str]] = {}
        self._heading, self._inside = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._inside = tag
        if tag == "li":
            self.items.setdefault(self._heading, []).append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.words += data.split()
        if self._inside == "h2":
            self._heading = data.strip()
        elif self._inside == "li":
            self.items[self._heading][-1] += data


def _english(address: str) -> urllib.request.Request:
    """Return the question for a page in the language in which faults are named here, whatever the terminal's is."""
    return urllib.request.Request(address, headers={"Accept-Language": "en"})  # noqa: S310


def _parsed(page: str) -> _Text:
    parser = _Text()
    parser.feed(page)
    return parser


class Browser:
    """Logs in as a manager and reads the server's pages. Raises OSError if a page can't be read."""

    def __init__(self, address: str, name: str, password: str) -> None:
        self._address = address
        cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
        self._get("/login/")
        token = next(str(cookie.value) for cookie in cookies if "csrftoken" in cookie.name)
        fields = {"username": name, "password": password, "csrfmiddlewaretoken": token}
        with self._opener.open(f"{address}/login/", urllib.parse.urlencode(fields).encode(), WITHIN):
            pass

    def _get(self, path: str) -> str:
        with self._opener.open(_english(self._address + path), timeout=WITHIN) as answer:
            text: str = answer.read().decode()
            return text

    def text(self, path: str) -> str:
        """Return the text of a page."""
        return " ".join(_parsed(self._get(path)).words)


class Namings:
    """What pages name of the faults of a run. `lines`: the names of the lines. `meters`: the faults of meters, by the meter's
    name.
    """

    def __init__(self, faults: Sequence[str], lines: Iterable[str], meters: Mapping[str, str]) -> None:
        self._faults, self._lines, self._meters = faults, list(lines), meters
        self._named: dict[tuple[str, str], Named] = {}

    def read_gateway(self, site: str) -> None:
        """Read the gateway's page of its lines."""
        with urllib.request.urlopen(_english(f"{site}/lines"), timeout=WITHIN) as answer:  # noqa: S310
            said = _parsed(answer.read().decode()).items
        for fault in self._faults:
            if not FAULTS[fault].line:
                continue
            for line in self._lines:
                words = [each for each in said.get(line, []) if any(part in each for part in FAULTS[fault].line_words)]
                if words:
                    self._note(Named(fault, f"line {line}", "gateway: The lines of the meters", words[0]))

    def read_server(self, browser: Browser) -> None:
        """Read the flats' pages and the alarms of the meters that have faults."""
        rows = Meter.objects.filter(name__in=self._meters).select_related("unit__property")
        for row in rows:
            fault = self._meters[row.name]
            assert row.unit is not None
            place = f"{row.unit.name}, meter {row.name}"
            page = browser.text(reverse("console:units:journal", args=[row.unit_id]))
            alarms = browser.text(reverse("console:alarms:alarms", args=[row.unit.property_id]))
            for words in _events(row, FAULTS[fault].codes):
                if words in page:
                    self._note(Named(fault, place, "the flat's page: What happened", words))
            for alarm in row.alarms.filter(kind__in=[code for code, _words in FAULTS[fault].codes]):
                if alarm.sentence in alarms:
                    self._note(Named(fault, place, "Alarms", alarm.sentence))

    def _note(self, named: Named) -> None:
        """Keep what was read last, but an alarm before an event."""
        known = self._named.get((named.fault, named.where))
        if known is None or known.page != "Alarms" or named.page == "Alarms":
            self._named[named.fault, named.where] = named

    def rows(self) -> list[Named]:
        """Return what pages name, by faults and places."""
        order = {fault: number for number, fault in enumerate(FAULTS)}
        return sorted(self._named.values(), key=lambda each: (order[each.fault], each.where))

    def unnamed(self) -> list[str]:
        """Return a sentence for each fault that no page names where it was."""
        wanted = [(fault, f"line {line}") for fault in self._faults if FAULTS[fault].line for line in self._lines]
        named = {(fault, place) for fault, place in self._named}
        missing = [
            f"fault {fault}: no page names it for {place}" for fault, place in wanted if (fault, place) not in named
        ]
        for meter, fault in self._meters.items():
            if not any(known == fault and place.endswith(f"meter {meter}") for known, place in named):
                missing.append(f"fault {fault}: no page names it for meter {meter}")
        return missing


def _events(row: Meter, codes: Iterable[tuple[str, str]]) -> list[str]:
    """Return the events of a meter's journal by which a fault is named, as pages show them: the plainest last."""
    wanted, plain, plainest = list(codes), list[str](), list[str]()
    rows = JournalEntry.objects.filter(meter=row, kind="event").order_by("seq")
    for body in rows.values_list("body", flat=True):
        entry = decode_entry(bytes(body))
        if not isinstance(entry, Event):
            continue
        parts = [part for code, part in wanted if code == entry.code and part in entry.detail]
        if parts:
            words = " ".join(f"{words_of(entry.code)} {entry.detail}".split())
            (plainest if any(parts) else plain).append(words)
    return plain + plainest


def named_table(faults: Iterable[str], rows: Sequence[Named]) -> Table:
    """Return which pages name the faults of a run, as a table for a terminal."""
    table = Table(
        title=_("Pages that name each fault"), title_justify="left", box=SIMPLE_HEAD, padding=0, show_edge=False
    )
    table.add_column(_("fault"), no_wrap=True)
    for heading in (_("place of the fault"), _("shown on page")):
        table.add_column(heading, max_width=18)
    table.add_column(_("shown text"), ratio=1)
    for fault in faults:
        own = [each for each in rows if each.fault == fault]
        for each in own:
            table.add_row(fault, each.where, each.page, each.words)
        if not own and FAULTS[fault].needs_clock:
            table.add_row(fault, _("no meter"), "", _("No meter here has a clock."))
    return table
