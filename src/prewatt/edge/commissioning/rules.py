"""What is wrong with what was found, what is missing, and what the electrician may do with it. The rules own no port."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ...kernel.units import MINUTE, SECOND, exact_kwh, parse_kwh
from ..texts import _
from .probing import answers_for_all
from .survey import Compared, Flat, FoundMeter, Survey, SurveyError, plain
from .trying import Look

MEANWHILE = 2 * MINUTE
"""The time (µs) from a look at the display to the question. What the flat may draw meanwhile is no difference."""
FLOWS_W = 10
"""Power above this shows that a load runs."""


def problems(survey: Survey, meter: FoundMeter) -> list[str]:
    """Return why a meter can't be put into service, each as a sentence; none if nothing is wrong."""
    sentences = [*_of_address(survey, meter), *_of_models(meter)]
    alike = [each for each in survey.meters if each.id != meter.id and each.port == meter.port]
    lines = Counter(each.line for each in (*alike, meter))
    usual, _count = max(lines.items(), key=lambda item: (item[1], _serves(alike, item[0])))
    if meter.line != usual and not meter.is_doubled:
        sentences.append(
            _(
                "This meter uses %(own)s, and the others on its bus use %(usual)s. Set it to %(usual)s, or give it a "
                "bus of its own."
            )
            % {"own": meter.line, "usual": usual}
        )
    return sentences


def _serves(meters: Sequence[FoundMeter], line: str) -> bool:
    return any(each.in_service and each.line == line for each in meters)


def _of_address(survey: Survey, meter: FoundMeter) -> list[str]:
    if meter.is_doubled:
        return [
            _(
                "More than one meter answers at address %(address)s, or the answers always arrive damaged. Disconnect "
                "all of these meters except one, give that one another address, and look again."
            )
            % {"address": meter.address}
        ]
    if answers_for_all(meter.protocol, meter.address):
        return [
            _(
                "It answers only to the address for all meters. It needs a bus of its own, and a model with "
                "wildcard = true."
            )
        ]
    return _of_number(survey, meter) if meter.look is not None and meter.look.serial else []


def _of_number(survey: Survey, meter: FoundMeter) -> list[str]:
    others = [each for each in survey.meters if each.id != meter.id and each.serial == meter.serial and each.looks]
    if not others:
        return []
    places = ", ".join(f"{each.port} ({each.kind} {each.address})" for each in others)
    return [
        _(
            "The same number %(serial)s answers at %(where)s as well. Either one meter is reached twice, or two meters "
            "have the same number."
        )
        % {"serial": meter.serial, "where": places}
    ]


def _of_models(meter: FoundMeter) -> list[str]:
    if meter.is_doubled or answers_for_all(meter.protocol, meter.address):
        return []
    if meter.is_silent:
        return [_("It does not answer any more.")]
    if meter.in_service and not meter.looks:
        # Nobody has looked since the survey began.
        return []
    if meter.look is None:
        return [
            _("This meter can't be read: %(why)s. Enter its password, or choose its model.") % {"why": _refusal(meter)}
        ]
    if not meter.model and meter.is_ambiguous:
        return [
            _(
                "Several models fit, and they show different registers. See which name is printed on the meter, and "
                "choose that model."
            )
        ]
    if meter.look.own_prepaid:
        return [
            _(
                "The meter's own prepaid mode is on, so it would switch off when its own balance is used up. Have that "
                "mode switched off at the meter."
            )
        ]
    return []


def _refusal(meter: FoundMeter) -> str:
    return next((each.refusal for each in meter.looks if each.refusal), _("no model fits"))


def missing(survey: Survey) -> list[str]:
    """Return what is missing, each as a sentence: flats without a meter, meters without a flat, meters that are silent."""
    lines = [
        _("No meter yet: %(flat)s.") % {"flat": flat.key}
        for flat in survey.flats
        if survey.at_flat(flat.key) is None and not _has_service(survey, flat)
    ]
    return lines + [line for line in map(_lacks, survey.meters) if line]


def _lacks(meter: FoundMeter) -> str:
    """Return what a meter lacks first; empty: nothing."""
    words = {"meter": meter.serial}
    if meter.is_silent:
        return _("Meter %(meter)s does not answer any more.") % words
    if meter.in_service:
        return ""
    if not meter.flat:
        return _("Meter %(meter)s has no flat.") % words
    if meter.compared is None:
        return _("Meter %(meter)s is not compared with its display.") % words
    if meter.test != "passed" and meter.look and meter.look.can_switch:
        return _("The switch of meter %(meter)s is not tested.") % words
    return ""


def _has_service(survey: Survey, flat: Flat) -> bool:
    return any(each.in_service == flat.name for each in survey.meters if flat.name)


# -- what the electrician does -----------------------------------------------------------------------------------------------


def put(survey: Survey, number: int, key: str) -> None:
    """Put a meter to a flat; an empty `key` takes it away from its flat. Raises SurveyError."""
    meter = survey.changeable(number)
    if key:
        wrong = problems(survey, meter)
        if wrong:
            raise SurveyError(wrong[0])
        survey.flat(key)
        other = survey.at_flat(key)
        if other is not None and other.id != number:
            raise SurveyError(
                _("Meter %(meter)s is assigned to %(flat)s. Choose another flat or “no flat” for that meter first.")
                % {"meter": other.serial, "flat": key}
            )
    if key != meter.flat:
        # Whose load stops is another question at another flat.
        survey.change(number, flat=key, test="", power_before=None, told_at=0)


def put_by_number(survey: Survey) -> int:
    """Put each meter to the flat where the server's list has its number. Returns how many were put."""
    done = 0
    for flat in survey.flats:
        fits = [each for each in survey.meters if flat.serial and plain(each.serial) == plain(flat.serial)]
        if len(fits) == 1 and not fits[0].flat and survey.at_flat(flat.key) is None and not problems(survey, fits[0]):
            put(survey, fits[0].id, flat.key)
            done += 1
    return done


def choose_model(survey: Survey, number: int, model: str) -> None:
    """Say which model a meter is. What was compared and tested before does not count any more. Raises SurveyError."""
    meter = survey.changeable(number)
    if meter.in_service and model != meter.model:
        raise SurveyError(_("This meter is in service. Its model can't be changed here."))
    seen = next((each for each in meter.looks if each.model == model), None)
    if seen is None:
        raise SurveyError(_("Model %(model)s does not fit this meter. Choose one from the list.") % {"model": model})
    if seen.refusal:
        raise SurveyError(
            _("As model %(model)s, this meter can't be read: %(why)s.") % {"model": model, "why": seen.refusal}
        )
    if model != meter.model:
        survey.change(number, model=model, compared=None, test="")


def compare(
    survey: Survey, number: int, typed: str, seen: Look, resolution: int, at: int, rates: Mapping[int, int]
) -> str:
    """Compare what was read on the display (kWh) with the register. `seen`: as the meter answers now; `resolution` of
    the register, Wh. `rates`: the energies by rate (Wh), which displays show in turn with the total. Returns a sentence
    that they agree, and notes it. Raises SurveyError for a difference beyond what the display can show.
    """
    try:
        shown = parse_kwh(typed.replace(",", "."))
    except ValueError:
        raise SurveyError(_("%(typed)s is not a number of kWh such as 1234.56.") % {"typed": typed}) from None
    register = seen.register
    if register is None:
        raise SurveyError(_("The meter does not report its register: %(why)s.") % {"why": seen.refusal})
    digits = len(typed.strip().replace(",", ".").partition(".")[2])
    step: int = max(10 ** max(3 - digits, 0), resolution)
    used = max(seen.power or 0, 0) * MEANWHILE // (3600 * SECOND)

    def agrees_with(energy: int) -> bool:
        return -step <= energy - shown <= step + used

    if not agrees_with(register):
        of_rate = next((rate for rate, energy in rates.items() if energy and agrees_with(energy)), None)
        raise SurveyError(_difference(shown, register) if of_rate is None else _of_a_rate(shown, of_rate, register))
    survey.change(number, compared=Compared(typed.strip(), register, at))
    agreed = _("The display and the register agree: %(kwh)s kWh.") % {"kwh": exact_kwh(register)}
    by_rate = _by_rate(rates)
    return f"{agreed} {by_rate}" if by_rate else agreed


def _by_rate(rates: Mapping[int, int]) -> str:
    """Return what was used by rate, in words; empty if only one was."""
    used = [f"{rate}: {exact_kwh(energy)}" for rate, energy in rates.items() if energy]
    return _("By rate, kWh: %(rates)s.") % {"rates": ", ".join(used)} if len(used) > 1 else ""


def _of_a_rate(shown: int, rate: int, register: int) -> str:
    words = {"shown": exact_kwh(shown), "rate": rate, "register": exact_kwh(register)}
    return (
        _(
            "%(shown)s kWh is what the meter has counted at rate %(rate)s. Wait until the display shows the total, and "
            "type the total: the register shows %(register)s kWh. Nothing was noted."
        )
        % words
    )


def _difference(shown: int, register: int) -> str:
    words = {"shown": exact_kwh(shown), "register": exact_kwh(register)}
    for factor in (10, 100, 1000):
        low, high = sorted((shown, register))
        if low and abs(high - low * factor) <= factor:
            return _(
                "The display shows %(shown)s kWh, and the register %(register)s kWh: one is %(factor)d times the "
                "other. The meter is another model, or a decimal point was overlooked. Choose the model again, and "
                "compare again."
            ) % {**words, "factor": factor}
    return (
        _(
            "The display shows %(shown)s kWh, and the register %(register)s kWh. This is not the meter in front of "
            "you, or its model is another. Nothing was noted."
        )
        % words
    )


def ready(survey: Survey) -> list[FoundMeter]:
    """Return the meters that can go into service: put to a flat that has a journal, compared, and with nothing wrong."""
    names = {flat.key: flat.name for flat in survey.flats}
    return [
        meter
        for meter in survey.meters
        if names.get(meter.flat)
        and meter.compared
        and meter.test not in ("off", "stopped", "failed")
        and not problems(survey, meter)
    ]


def fresh(survey: Survey) -> list[FoundMeter]:
    """Return the meters that can go into service and are not yet in service at their flats."""
    names = {flat.key: flat.name for flat in survey.flats}
    return [meter for meter in ready(survey) if meter.in_service != names[meter.flat]]


def by_port(meters: Sequence[FoundMeter]) -> Mapping[str, list[FoundMeter]]:
    """Return the meters by their bus, in the order of their addresses."""
    grouped: dict[str, list[FoundMeter]] = {}
    for meter in sorted(meters, key=lambda each: (each.port, each.line, each.address.zfill(12))):
        grouped.setdefault(meter.port, []).append(meter)
    return grouped


def not_enrolled() -> str:
    """Return what is said where a gateway must be enrolled first."""
    return _("This gateway is not enrolled yet. At the gateway, run: prewatt edge enrol SERVER CODE")


def none_ready() -> str:
    """Return what is said where no new meter can go into service."""
    return _("No new meter is ready. Choose the flat of a meter, and compare it with its display.")
