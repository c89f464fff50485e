"""The page on which meters are set up, as HTML. What was found comes in, HTML goes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ...kernel.units import exact_kwh
from ..conversations import find_protocol
from ..html import Content, Html, element, together
from ..texts import _
from . import survey as rules
from .finding import Adapter
from .probing import KINDS
from .survey import FoundMeter, Survey
from .trying import Look

REFRESH = element("meta", **{"http-equiv": "refresh", "content": "2"})
STYLE = Html(
    ".labels{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1rem}"
    ".label{display:flex;gap:.8rem;align-items:center;border:1px dashed var(--line);padding:.6rem;break-inside:avoid;"
    "background:#fff;color:#000;overflow-wrap:anywhere}.label svg{width:7rem;flex:none}.label p{font-size:.8rem;color:#333}"
    ".meter{display:block;color:inherit;text-decoration:none;border-top:1px solid var(--line);padding:.6rem 0}"
    ".wrong{color:var(--bad)}.good{color:var(--good)}a{color:var(--brand)}li{margin:.2rem 0}ul{padding-left:1.2rem;margin:.3rem 0}"
    "summary{cursor:pointer;color:var(--brand);padding:.3rem 0}form{margin:.6rem 0}.port{overflow-wrap:anywhere;font-weight:600}"
    ".two{display:grid;grid-template-columns:1fr 1fr;gap:.6rem}"
    "@media print{header,section,.noprint{display:none}body{background:#fff}}"
)


def code_form() -> Html:
    """Return the form that asks who may set meters up."""
    return element(
        "section",
        element("h2", _("Set up meters")),
        _form(
            "/setup/login",
            _field(_("Set-up code"), name="code", inputmode="numeric", autocomplete="off", required=True),
            element("button", _("Open")),
        ),
        element(
            "p",
            _("At the gateway, the command prewatt edge scan --code prints it. It holds for a day."),
            class_="quiet",
        ),
    )


def overview(survey: Survey, buses: Sequence[Adapter], doing: str, token: str, enrolled: bool) -> Html:
    """Return the page of the whole gateway."""
    hidden = _hidden(token)
    return together(
        _busy(doing) if doing else None,
        _missing(survey),
        _buses(survey, buses, hidden, bool(doing)),
        *(_bus_of_meters(survey, port, meters) for port, meters in rules.by_port(survey.meters).items()),
        None if doing else _into_service(survey, hidden, enrolled),
        _one_address(buses, hidden),
        element(
            "section",
            element("p", element("a", _("Labels for the flats, to be printed"), href="/setup/labels")),
            element("p", element("a", _("The building's page"), href="/")),
            _form("/setup/logout", hidden, element("button", _("Log out"), class_="link")),
        ),
    )


def _busy(doing: str) -> Html:
    return together(
        REFRESH,
        element("section", element("p", f"{doing[:1].upper()}{doing[1:]} …", role="status", class_="live")),
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
        _form("/setup/scan", hidden, element("button", _("Look for meters"))),
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
            _form(
                "/setup/scan",
                hidden,
                _hidden_as("thorough", "1"),
                element("button", _("Look thoroughly"), class_="plain"),
            ),
        ),
    )
    add = element(
        "details",
        element("summary", _("Add a converter or an adapter")),
        _form(
            "/setup/bus",
            hidden,
            _field(_("Address, such as 192.0.2.7:8899, or the path of an adapter"), name="port", required=True),
            element("button", _("Add"), class_="plain"),
        ),
    )
    return element("section", element("h2", _("Buses")), *(rows or [none]), search if buses and not busy else None, add)


def _bus_of_meters(survey: Survey, port: str, meters: Sequence[FoundMeter]) -> Html:
    return element(
        "section",
        element("p", port, class_="port"),
        *(_row(survey, meter) for meter in meters),
    )


def _row(survey: Survey, meter: FoundMeter) -> Html:
    wrong = rules.problems(survey, meter)
    where = meter.flat or _("no flat")
    if meter.in_service and not wrong:
        state = element("p", _("%(flat)s · in service") % {"flat": where}, class_="good")
    elif wrong:
        state = element("p", wrong[0], class_="wrong")
    else:
        state = element("p", f"{where} · {_done(meter)}", class_="quiet")
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


def facts(meter: FoundMeter) -> str:
    """Return in one line what a meter says: model, register, voltage, power, switch."""
    seen = meter.look
    if seen is None:
        return f"{meter.kind} · {meter.line} · {_('address')} {meter.address} {meter.words}".strip()
    return " · ".join((seen.model, *values(seen)))


def values(seen: Look) -> list[str]:
    """Return what a meter says by a model, each value with its unit."""
    return [
        f"{exact_kwh(seen.register)} kWh" if seen.register is not None else "",
        f"{seen.voltage / 1000:.1f} V" if seen.voltage is not None else "",
        f"{seen.power} W" if seen.power is not None else "",
        _switch(seen),
    ]


def _switch(seen: Look) -> str:
    if not seen.can_switch:
        return _("no switch")
    return {True: _("switch closed"), False: _("switch open"), None: _("switch unknown")}[seen.closed]


def _into_service(survey: Survey, hidden: Html, enrolled: bool) -> Html:
    if not enrolled:
        return element(
            "section",
            element("p", _("This gateway is not enrolled yet. At the gateway: prewatt edge enrol SERVER CODE.")),
        )
    count = len([each for each in rules.ready(survey) if not each.in_service])
    return element(
        "section",
        element("h2", _("Into service")),
        element("p", _("%(count)d new meters are ready.") % {"count": count}),
        element("p", _("The gateway starts anew for it. Switches stay as they are."), class_="quiet"),
        _form("/setup/service", hidden, element("button", _("Put into service"))),
        _form("/setup/server", hidden, element("button", _("Ask the server for its flats"), class_="plain")),
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
            _form(
                "/setup/ask",
                hidden,
                _select(_("Bus"), "port", [(each.path, each.path) for each in buses], ""),
                _select(_("Kind"), "kind", [(kind, kind) for kind in KINDS], ""),
                _field(_("Address, as it stands on the meter"), name="address", required=True),
                _field(_("Line, if the bus is not in service"), name="line", value="9600 8N1"),
                element("button", _("Ask it"), class_="plain"),
            ),
        ),
    )


def one_meter(survey: Survey, meter: FoundMeter, doing: str, token: str) -> Html:
    """Return the page of one meter."""
    hidden = together(_hidden(token), _hidden_as("id", str(meter.id)))
    wrong = rules.problems(survey, meter)
    return together(
        _busy(doing) if doing else None,
        element(
            "section",
            element("p", element("a", f"← {_('All meters')}", href="/setup")),
            element("h2", _("Meter %(meter)s") % {"meter": meter.serial}),
            element("p", facts(meter)),
            element("p", f"{meter.port} · {meter.line} · {_('address')} {meter.address}", class_="quiet"),
            *(element("p", each, class_="wrong") for each in wrong),
        ),
        _flat(survey, meter, hidden) if not wrong or meter.flat else None,
        _compare(meter, hidden) if meter.look and not meter.is_silent else None,
        _test(meter, hidden) if not wrong or meter.test in ("off", "stopped") else None,
        _model(meter, hidden),
        _more(meter, hidden),
        None if meter.in_service else element(
            "section", _form("/setup/forget", hidden, element("button", _("Remove from the list"), class_="link"))
        ),
    )  # fmt: skip


def _flat(survey: Survey, meter: FoundMeter, hidden: Html) -> Html:
    options = [("", _("no flat"))]
    for flat in survey.flats:
        other = survey.at_flat(flat.key)
        if other is None or other.id == meter.id:
            options.append((flat.key, f"{flat.key} · {flat.serial}" if flat.serial else flat.key))
    expected = next((flat.serial for flat in survey.flats if meter.flat and flat.key == meter.flat), "")
    differs = expected and meter.number and rules.plain(expected) != rules.plain(meter.number)
    return element(
        "section",
        element("h2", _("1. Its flat")),
        _form("/setup/put", hidden, _select(_("Flat"), "flat", options, meter.flat), element("button", _("Put"))),
        element("p", _("The server has no list of flats for this gateway yet."), class_="quiet")
        if not survey.flats
        else None,
        element(
            "p",
            _("The server lists meter %(expected)s at this flat. Once this one is in service, the manager is asked whether "
              "the meter was exchanged.") % {"expected": expected},
        ) if differs else None,
    )  # fmt: skip


def _compare(meter: FoundMeter, hidden: Html) -> Html:
    seen = meter.look
    number = None
    if seen is not None and not seen.serial:
        number = _form(
            "/setup/face",
            hidden,
            _field(
                _("The number on its face: this meter does not tell it"), name="face", value=meter.face, required=True
            ),
            element("button", _("Keep"), class_="plain"),
        )
    done = (
        element("p", _("Compared at %(typed)s kWh.") % {"typed": meter.compared.typed}, class_="good")
        if meter.compared
        else None
    )
    return element(
        "section",
        element("h2", _("2. Its display")),
        done,
        _form(
            "/setup/compare",
            hidden,
            _field(
                _("kWh on the display, with all digits"),
                name="kwh",
                inputmode="decimal",
                autocomplete="off",
                required=True,
                class_="code",
            ),
            element("button", _("Compare")),
        ),
        number,
    )


def _test(meter: FoundMeter, hidden: Html) -> Html | None:
    seen = meter.look
    if seen is None or meter.in_service:
        return None
    title = element("h2", _("3. Its switch"))
    if not seen.can_switch:
        return element("section", title, element("p", _("By its model this meter has no switch."), class_="quiet"))
    if meter.test == "off":
        return element(
            "section",
            title,
            element("p", _("The switch is open. Has the load in the flat stopped?")),
            _answers("/setup/stopped", hidden, _("It has stopped"), _("It still runs")),
            element("p", _("It is closed again by itself after three minutes."), class_="quiet"),
        )
    if meter.test == "stopped":
        return element(
            "section",
            title,
            element("p", _("The switch is closed again. Does the load run?")),
            _answers("/setup/runs", hidden, _("It runs"), _("It does not run")),
        )
    words = {"passed": _("Tested."), "failed": _("The test has failed. Test it again.")}.get(meter.test)
    return element(
        "section",
        title,
        element("p", words, class_="good" if meter.test == "passed" else "wrong") if words else None,
        element("p", _("Switch on a load in the flat, such as a lamp or a kettle. Then:"), class_="quiet"),
        _form("/setup/off", hidden, element("button", _("Switch off for a test"), class_="plain")),
    )


def _answers(action: str, hidden: Html, yes: str, no: str) -> Html:
    return element(
        "div",
        _form(action, hidden, _hidden_as("is_so", "1"), element("button", yes)),
        _form(action, hidden, element("button", no, class_="plain")),
        class_="two",
    )


def _model(meter: FoundMeter, hidden: Html) -> Html | None:
    if not meter.looks or meter.in_service:
        return None
    options = [
        (each.model, f"{each.model} · {' · '.join(values(each)[:1])}") for each in meter.looks if not each.refusal
    ]
    chosen = meter.look.model if meter.look else ""
    refused = [element("li", f"{each.model}: {each.refusal}") for each in meter.looks if each.refusal]
    return element(
        "section",
        element("h2", _("Its model")),
        _form(
            "/setup/model",
            hidden,
            _select(_("As it stands on the meter"), "model", options, chosen),
            element("button", _("Choose"), class_="plain"),
        )
        if options
        else None,
        element("details", element("summary", _("Models that do not fit")), element("ul", *refused))
        if refused
        else None,
    )


def _more(meter: FoundMeter, hidden: Html) -> Html | None:
    """Return the form for passwords, keys and the like, which each protocol has of its own."""
    if meter.in_service or meter.is_doubled:
        return None
    access = find_protocol(meter.protocol).access
    fields = [each for each in msgspec.structs.fields(access) if each.name not in ("address", "ratios", "alone")]
    return element(
        "section",
        element(
            "details",
            element("summary", _("Password, keys, a relay beside it")),
            _form(
                "/setup/more",
                hidden,
                *(_access_field(each, meter.more.get(each.name, "")) for each in fields),
                element("button", _("Keep, and ask the meter anew"), class_="plain"),
            ),
            open=meter.look is None,
        ),
    )


def _access_field(field: Any, value: object) -> Html:
    secret = "password" in field.name or field.name.endswith("_key")
    kind = "password" if secret else "text"
    shown = "" if field.default is msgspec.NODEFAULT or secret else str(field.default or "")
    return _field(
        field.name.replace("_", " "), name=f"more.{field.name}", type=kind, value=str(value), placeholder=shown,
        autocomplete="off",
    )  # fmt: skip


# -- pieces ------------------------------------------------------------------------------------------------------------------


def _hidden(token: str) -> Html:
    return _hidden_as("token", token)


def _hidden_as(name: str, value: str) -> Html:
    return element("input", type="hidden", name=name, value=value)


def _form(action: str, *content: Content) -> Html:
    return element("form", *content, method="post", action=action)


def _field(label: str, **attributes: str | bool) -> Html:
    return element("label", label, element("input", **attributes))


def _select(label: str, name: str, options: Iterable[tuple[str, str]], chosen: str) -> Html:
    return element(
        "label",
        label,
        element(
            "select",
            *(element("option", words, value=value, selected=value == chosen) for value, words in options),
            name=name,
        ),
    )
