"""The page on which meters are set up, as HTML. What was found comes in, HTML goes out."""

from __future__ import annotations

from collections.abc import Sequence

from ..html import Html, element, together
from ..texts import _
from . import rules
from .calling import Caller
from .finding import Adapter
from .pieces import busy, facts, field, form, hidden_as, hidden_token, select
from .probing import kinds
from .survey import FoundMeter, Survey

STYLE = Html(
    ".labels{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1rem}"
    ".label{display:flex;gap:.8rem;align-items:center;border:1px dashed var(--line);padding:.6rem;break-inside:avoid;"
    "background:#fff;color:#000;overflow-wrap:anywhere}.label svg{width:7rem;flex:none}.label p{font-size:.8rem;color:#333}"
    ".meter{display:block;color:inherit;text-decoration:none;border-top:1px solid var(--line);padding:.6rem 0}"
    ".wrong{color:var(--off)}.good{color:var(--ok)}a{color:var(--brand)}li{margin:.2rem 0}ul{padding-left:1.2rem;margin:.3rem 0}"
    "summary{cursor:pointer;color:var(--brand);padding:.3rem 0}form{margin:.6rem 0}.port{overflow-wrap:anywhere;font-weight:600}"
    ".two{display:grid;grid-template-columns:1fr 1fr;gap:.6rem}"
    "@media print{header,section,.noprint{display:none}body{background:#fff}}"
)


def code_form() -> Html:
    """Return the form that asks who may set meters up."""
    return element(
        "section",
        element("h2", _("Set up meters")),
        form(
            "/setup/login",
            field(_("Set-up code"), name="code", inputmode="numeric", autocomplete="off", required=True),
            element("button", _("Open")),
        ),
        element(
            "p",
            _("At the gateway, the command prewatt edge scan --code prints it. It holds for a day."),
            class_="quiet",
        ),
    )


def starts_anew(words: str) -> Html:
    """Return what is shown while the gateway starts again. `words`: what was done."""
    return element(
        "section",
        element("p", words, class_="good"),
        element("p", _("The gateway starts anew. This page comes back by itself within half a minute.")),
        element("p", element("a", _("All meters"), href="/setup")),
        element("script", "", src="/setup/again.js"),
    )


def overview(
    survey: Survey, buses: Sequence[Adapter], callers: Sequence[Caller], doing: str, token: str, enrolled: bool
) -> Html:
    """Return the page of the whole gateway."""
    hidden = hidden_token(token)
    return together(
        busy(doing) if doing else None,
        _missing(survey),
        _buses(survey, buses, hidden, bool(doing)),
        _unknown(callers, hidden) if callers and not doing else None,
        *(_bus_of_meters(survey, port, meters) for port, meters in rules.by_port(survey.meters).items()),
        None if doing else _into_service(survey, hidden, enrolled),
        _one_address(buses, hidden),
        element(
            "section",
            element("p", element("a", _("Labels for the flats, to be printed"), href="/setup/labels")),
            element("p", element("a", _("The building's page"), href="/")),
            form("/setup/logout", hidden, element("button", _("Log out"), class_="link")),
        ),
    )


def _missing(survey: Survey) -> Html | None:
    lines = rules.missing(survey)
    if not survey.meters and not survey.flats:
        return None
    if not lines:
        return element("section", element("p", _("Nothing is missing."), class_="good"))
    return element(
        "section", element("h2", _("What is missing")), element("ul", *(element("li", line) for line in lines))
    )


def _buses(survey: Survey, buses: Sequence[Adapter], hidden: Html, busy: bool) -> Html:
    notes = {note.port: note.words for note in survey.buses}
    rows = [
        together(
            element("p", each.path, class_="port"),
            *(element("p", words, class_="quiet") for words in (each.words, notes.get(each.path, "")) if words),
        )
        for each in buses
    ]
    none = element("p", _("No adapter is plugged in. Plug one in, or name a converter below."), class_="quiet")
    search = together(
        form("/setup/scan", hidden, element("button", _("Look for meters"))),
        element(
            "details",
            element("summary", _("A meter is not found")),
            element(
                "p",
                _(
                    "Look with other settings of the line too: that takes some minutes more. Meters in service are not disturbed."
                ),
                class_="quiet",
            ),
            form(
                "/setup/scan",
                hidden,
                hidden_as("thorough", "1"),
                element("button", _("Look thoroughly"), class_="plain"),
            ),
        ),
    )
    add = element(
        "details",
        element("summary", _("Add a converter or an adapter")),
        form(
            "/setup/bus",
            hidden,
            field(_("Address, such as 192.0.2.7:8899, or the path of an adapter"), name="port", required=True),
            element("button", _("Add"), class_="plain"),
        ),
    )
    return element("section", element("h2", _("Buses")), *(rows or [none]), search if buses and not busy else None, add)


def _unknown(callers: Sequence[Caller], hidden: Html) -> Html:
    return element(
        "section",
        element("h2", _("Callers that nobody knows")),
        *(
            together(
                element("p", _said(each.stranger.said), class_="port"),
                element(
                    "p",
                    _("from %(address)s, %(times)d times")
                    % {"address": each.stranger.address, "times": each.stranger.times},
                    class_="quiet",
                ),
                *(
                    form(
                        "/setup/converter",
                        hidden,
                        hidden_as("kind", kind),
                        hidden_as("caller", caller),
                        element("button", _("Take on as %(kind)s") % {"kind": kind}, class_="plain"),
                    )
                    for kind, caller in each.fits
                ),
            )
            for each in callers
        ),
        element(
            "p",
            _("Take on only what you know: anybody can call, and say any name."),
            class_="quiet",
        ),
    )


def _said(said: bytes) -> str:
    """Return the first bytes of a call as people read them."""
    text = said.decode("ascii", "replace").strip()
    if not said:
        return _("It said nothing.")
    return text if text.isprintable() and text.isascii() else said.hex(" ")


def _bus_of_meters(survey: Survey, port: str, meters: Sequence[FoundMeter]) -> Html:
    return element(
        "section",
        element("p", port, class_="port"),
        *(_row(survey, meter) for meter in meters),
    )


def _row(survey: Survey, meter: FoundMeter) -> Html:
    wrong = rules.problems(survey, meter)
    flat = meter.flat or _("no flat")
    if meter.in_service and not wrong:
        state = element("p", _("%(flat)s · in service") % {"flat": flat}, class_="good")
    elif wrong:
        state = element("p", wrong[0], class_="wrong")
    else:
        state = element("p", f"{flat} · {_done(meter)}", class_="quiet")
    return element(
        "a",
        element("b", meter.serial),
        element("p", facts(meter)),
        state,
        href=f"/setup/meter/{meter.id}",
        class_="meter",
    )


def _done(meter: FoundMeter) -> str:
    done = [_("compared") if meter.compared else _("not compared")]
    if meter.look and meter.look.can_switch:
        done.append(_("switch tested") if meter.test == "passed" else _("switch not tested"))
    return ", ".join(done)


def _into_service(survey: Survey, hidden: Html, enrolled: bool) -> Html:
    if not enrolled:
        return element(
            "section",
            element("p", _("This gateway is not enrolled yet. At the gateway: prewatt edge enrol SERVER CODE.")),
        )
    fresh = [each.serial for each in rules.fresh(survey)]
    return element(
        "section",
        element("h2", _("Into service")),
        together(
            element("p", _("Ready: %(meters)s.") % {"meters": ", ".join(fresh)}),
            element("p", _("The gateway starts anew for it. Switches stay as they are."), class_="quiet"),
            form("/setup/service", hidden, element("button", _("Put into service"))),
        )
        if fresh
        else element(
            "p", _("No new meter is ready: put it to a flat, and compare it with its display."), class_="quiet"
        ),
        form("/setup/server", hidden, element("button", _("Ask the server for its flats"), class_="plain")),
        element(
            "p",
            _(
                "Meters at flats where the server knows of none are told to it. The manager confirms them, under Alarms."
            ),
            class_="quiet",
        ),
    )


def _one_address(buses: Sequence[Adapter], hidden: Html) -> Html:
    return element(
        "section",
        element(
            "details",
            element("summary", _("Ask one address")),
            element(
                "p",
                _("For a meter on a bus in service: it is asked alone, and the others go on."),
                class_="quiet",
            ),
            form(
                "/setup/ask",
                hidden,
                select(_("Bus"), "port", [(each.path, each.path) for each in buses], ""),
                select(_("Kind"), "kind", [(kind, kind) for kind in kinds()], ""),
                field(_("Address, as it stands on the meter"), name="address", required=True),
                field(_("Line, if the bus is not in service"), name="line", value="9600 8N1"),
                element("button", _("Ask it"), class_="plain"),
            ),
        ),
    )
