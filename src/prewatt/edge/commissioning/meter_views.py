"""The page on which one meter is put to its flat, compared and tested, as HTML."""

from __future__ import annotations

from ..html import Html, element, together
from ..page_parts import form, hidden
from ..texts import _
from . import rules
from .access_view import access_form
from .compare_view import compare_form
from .facts import facts
from .flat_view import flat_form
from .model_view import model_form
from .pieces import busy, hidden_token
from .survey import FoundMeter, Survey
from .switch_view import test_form


def one_meter(survey: Survey, meter: FoundMeter, doing: str, token: str) -> Html:
    """Return the page of one meter."""
    mark = together(hidden_token(token), hidden("id", str(meter.id)))
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
        test_form(meter, mark) if is_asked else None,
        flat_form(survey, meter, mark) if not wrong or meter.flat else None,
        compare_form(meter, mark) if meter.look and not meter.is_silent else None,
        test_form(meter, mark) if not wrong and not is_asked else None,
        model_form(meter, mark),
        access_form(meter, mark),
        None
        if meter.in_service
        else element(
            "section", form("/setup/forget", mark, element("button", _("Remove from the list"), class_="link"))
        ),
    )
