"""The state of the lines of meters, for people: which adapter has to be looked at, what happens to answers on the way,
and how often a meter did not answer. It is counted from the start of the gateway on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from ..wire.messages import LONGEST_NAME, LONGEST_WORDS, MAX_LINES, LineStatus
from .buses.bus import Bus, Count, Figures
from .buses.health import Trouble
from .buses.meter_on_bus import MeterOnBus
from .drivers.interface import MeterDriver
from .texts import _


class LineView(Struct, frozen=True):
    """A line of meters as people see it: its name, its port, and sentences about it."""

    name: str
    port: str
    said: tuple[str, ...]


def lines(drivers: Iterable[MeterDriver]) -> list[LineView]:
    """Return all lines, by their names."""
    views = [LineView(bus.name, bus.port.name, tuple(_said(bus))) for bus in _buses(drivers)]
    return sorted(views, key=lambda each: each.name)


def troubles(drivers: Iterable[MeterDriver]) -> list[str]:
    """Return a sentence for each line that is in trouble as a whole."""
    return [said for bus in _buses(drivers) if (said := _trouble(bus))]


def lines_in_trouble(drivers: Mapping[str, MeterDriver]) -> tuple[LineStatus, ...]:
    """Return the lines that are in trouble as a whole, by their names. `drivers`: by the meters' names."""
    if not any(bus.health.trouble for bus in _buses(drivers.values())):
        return ()
    meters: dict[int, list[str]] = {}
    for name, driver in drivers.items():
        for _part, bus in parts_of(driver):
            if name not in meters.setdefault(id(bus), []):
                meters[id(bus)].append(name)
    statuses = [
        LineStatus(
            bus.name[:LONGEST_NAME],
            bus.port.name[:LONGEST_WORDS],
            str(trouble),
            tuple(sorted(meters[id(bus)])),
            bus.health.why[:LONGEST_WORDS],
        )
        for bus in _buses(drivers.values())
        if (trouble := bus.health.trouble)
    ]
    return tuple(sorted(statuses, key=lambda each: each.name)[:MAX_LINES])


def asked(driver: MeterDriver) -> Count:
    """Return how many questions a meter was asked, and how many it did not answer; none where there is no bus."""
    counts = [bus.figures.by_meter[part.name] for part, bus in parts_of(driver)]
    return Count(sum(each.questions for each in counts), sum(each.unanswered for each in counts))


def close(drivers: Iterable[MeterDriver]) -> None:
    """Close the buses of meters, so that others can open their ports. Waits for what is being asked there."""
    for bus in _buses(drivers):
        bus.close()


def parts_of(driver: MeterDriver) -> Iterator[tuple[MeterOnBus, Bus]]:
    """Return the meters on buses of which a meter is made, with their buses."""
    for part in getattr(driver, "parts", (driver,)):
        if isinstance(part, MeterOnBus) and isinstance(part.bus, Bus):
            yield part, part.bus


def _buses(drivers: Iterable[MeterDriver]) -> Iterable[Bus]:
    return {id(bus): bus for driver in drivers for _part, bus in parts_of(driver)}.values()


def _trouble(bus: Bus) -> str:
    """Return what is wrong with a line as a whole, and what to do; empty if nothing is."""
    words = {"port": bus.port.name, "why": bus.health.why}
    match bus.health.trouble:
        case Trouble.GONE:
            return (
                _(
                    "A line of meters can't be used: %(why)s. Look whether the adapter or converter is plugged in and has "
                    "power. The power of each flat stays as it is."
                )
                % words
            )
        case Trouble.SILENT:
            return (
                _(
                    "%(port)s: no meter on this line answers. Look whether its cable is connected, and whether the meters "
                    "have power. The power of each flat stays as it is."
                )
                % words
            )
        case Trouble.BROKEN:
            return (
                _(
                    "%(port)s: the answers of meters arrive damaged. Check the adapter and the wiring. The power of "
                    "each flat stays as it is."
                )
                % words
            )
    return ""


def _said(bus: Bus) -> Iterator[str]:
    """Return sentences about what happened on a line, the worst first, each with what to do if there is something."""
    figures = bus.figures
    words = {name: f"{count:,}" for name, count in _counts(figures).items()}
    if trouble := _trouble(bus):
        yield trouble
    if figures.unanswered > figures.broken + figures.late:
        yield _("%(silent)s of %(questions)s questions had no answer: nothing came.") % words
    if figures.broken:
        yield (
            _(
                "%(broken)s of %(questions)s answers arrived damaged: bytes were lost or changed. If it happens often, "
                "check the wiring and the adapter."
            )
            % words
        )
    if figures.late:
        yield (
            _(
                "%(late)s of %(questions)s answers came too late. If it happens often, give the meters of this line more time "
                "(answer_s)."
            )
            % words
        )
    if figures.noisy:
        yield (
            _(
                "With %(noisy)s of %(questions)s answers came bytes that no meter had sent. They were ignored. If it "
                "happens often, check the shield of the cable and the resistors at its ends."
            )
            % words
        )
    if figures.foreign:
        yield (
            _(
                "With %(foreign)s of %(questions)s answers came another answer that nobody had asked for. It was "
                "ignored. If it happens often, check whether another device asks the meters of this line, too."
            )
            % words
        )
    if figures.broken_echoes:
        yield (
            _(
                "The adapter sends each question back like an echo, %(broken_echoes)s times with bytes lost. These "
                "echoes were ignored."
            )
            % words
        )
    elif figures.echoes:
        yield _("The adapter sends each question back like an echo. These echoes are ignored.")
    if figures.pieces:
        yield _("%(pieces)s of %(questions)s answers came in pieces. That does no harm.") % words
    if figures.questions and not figures.unanswered:
        yield _("All %(questions)s questions had an answer.") % words


def _counts(figures: Figures) -> dict[str, int]:
    return {
        "questions": figures.questions,
        "silent": figures.unanswered - figures.broken - figures.late,
        "broken": figures.broken,
        "late": figures.late,
        "noisy": figures.noisy,
        "foreign": figures.foreign,
        "echoes": figures.echoes,
        "broken_echoes": figures.broken_echoes,
        "pieces": figures.pieces,
    }
