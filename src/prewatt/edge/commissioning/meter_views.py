"""The page on which one meter is put to its flat, compared and tested, as HTML."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from ..conversations import find_protocol
from ..html import Html, element, together
from ..texts import _
from . import rules
from .pieces import busy, facts, field, form, hidden_as, hidden_token, select, values
from .survey import Flat, FoundMeter, Survey, plain


def one_meter(survey: Survey, meter: FoundMeter, doing: str, token: str) -> Html:
    """Return the page of one meter."""
    hidden = together(hidden_token(token), hidden_as("id", str(meter.id)))
    wrong = rules.problems(survey, meter)
    is_asked = meter.test in ("off", "stopped")
    return together(
        busy(doing) if doing else None,
        element(
            "section",
            element("p", element("a", f"← {_('All meters')}", href="/setup")),
            element("h2", _("Meter %(meter)s") % {"meter": meter.serial}),
            element("p", facts(meter)),
            element("p", f"{meter.port} · {meter.line} · {_('address')} {meter.address}", class_="quiet"),
            *(element("p", each, class_="wrong") for each in wrong),
        ),
        # While a load is looked at, the question about it stands first.
        _test(meter, hidden) if is_asked else None,
        _flat(survey, meter, hidden) if not wrong or meter.flat else None,
        _compare(meter, hidden) if meter.look and not meter.is_silent else None,
        _test(meter, hidden) if not wrong and not is_asked else None,
        _model(meter, hidden),
        _more(meter, hidden),
        None
        if meter.in_service
        else element(
            "section", form("/setup/forget", hidden, element("button", _("Remove from the list"), class_="link"))
        ),
    )


def _free_flats(survey: Survey, meter: FoundMeter) -> list[Flat]:
    """Return the flats where no other meter is."""
    others = {flat.key: survey.at_flat(flat.key) for flat in survey.flats}
    return [flat for flat in survey.flats if (other := others[flat.key]) is None or other.id == meter.id]


def _listed_at(flats: Iterable[Flat], meter: FoundMeter) -> str:
    """Return the flat at which the server lists a meter's number; empty if at none of these."""
    return next((flat.key for flat in flats if meter.number and plain(flat.serial) == plain(meter.number)), "")


def _expected(survey: Survey, meter: FoundMeter) -> str:
    """Return the number that the server lists at the flat to which a meter was put; empty if none."""
    return next((flat.serial for flat in survey.flats if meter.flat and flat.key == meter.flat), "")


def _flat(survey: Survey, meter: FoundMeter, hidden: Html) -> Html:
    free = _free_flats(survey, meter)
    options = [("", _("no flat"))]
    options += [(flat.key, f"{flat.key} · {flat.serial}" if flat.serial else flat.key) for flat in free]
    likely = meter.flat or _listed_at(free, meter)
    expected = _expected(survey, meter)
    differs = expected and meter.number and plain(expected) != plain(meter.number)
    return element(
        "section",
        element("h2", _("1. Its flat")),
        form("/setup/put", hidden, select(_("Flat"), "flat", options, likely), element("button", _("Put"))),
        element("p", _("The server has no list of flats for this gateway yet."), class_="quiet")
        if not survey.flats
        else None,
        element(
            "p",
            _(
                "The server lists meter %(expected)s at this flat. Once this one is in service, the manager is asked whether "
                "the meter was exchanged."
            )
            % {"expected": expected},
        )
        if differs
        else None,
    )


def _compare(meter: FoundMeter, hidden: Html) -> Html:
    seen = meter.look
    number = None
    if seen is not None and not seen.serial:
        number = form(
            "/setup/face",
            hidden,
            field(
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
        form(
            "/setup/compare",
            hidden,
            field(
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
        form("/setup/off", hidden, element("button", _("Switch off for a test"), class_="plain")),
    )


def _answers(action: str, hidden: Html, yes: str, no: str) -> Html:
    return element(
        "div",
        form(action, hidden, hidden_as("is_so", "1"), element("button", yes)),
        form(action, hidden, element("button", no, class_="plain")),
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
        form(
            "/setup/model",
            hidden,
            select(_("As it stands on the meter"), "model", options, chosen),
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
            form(
                "/setup/more",
                hidden,
                *(_access_field(each, meter.more.get(each.name, "")) for each in fields),
                element("button", _("Keep, and ask the meter anew"), class_="plain"),
            ),
            open=meter.look is None,
        ),
    )


def _access_field(info: Any, value: object) -> Html:
    secret = "password" in info.name or info.name.endswith("_key")
    kind = "password" if secret else "text"
    shown = "" if info.default is msgspec.NODEFAULT or secret else str(info.default or "")
    return field(
        _access_label(info.name),
        name=f"more.{info.name}",
        type=kind,
        value=str(value),
        placeholder=shown,
        autocomplete="off",
    )


def _access_label(name: str) -> str:
    """Return what a meter's own setting is called; the name by itself of one that a protocol has added since."""
    known = {
        "password": _("Password"),
        "encryption_key": _("Key for encryption"),
        "authentication_key": _("Key for authentication"),
        "system_title": _("System title"),
        "operator": _("Operator code"),
        "level": _("Level of the password"),
        "zone": _("Time zone of its clock"),
        "relay_model": _("Model of the relay beside it"),
        "relay_address": _("Address of the relay"),
        "relay_channel": _("Channel of the relay"),
        "relay_inverted": _("The relay works the other way round"),
        "echoes_transaction": _("The converter repeats the number of the question"),
    }
    return known.get(name) or name.replace("_", " ")
