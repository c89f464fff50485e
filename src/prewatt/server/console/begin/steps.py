"""The steps from nothing to a first payment, as links: what is done, what is next. They stand above the page of each step until
all are done; the same pages stay for what comes later.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ...commissioning.progress import Progress, Step, progress_of
from ...core.time import now
from ...estate.models import Organisation, Property

TITLES = {
    Step.PROPERTY: gettext_lazy("Building"),
    Step.UNITS: gettext_lazy("Flats"),
    Step.PRICE: gettext_lazy("Price"),
    Step.GATEWAY: gettext_lazy("Gateway"),
    Step.PAYMENT: gettext_lazy("First payment"),
}
PAGES = {
    Step.PROPERTY: "console:estate:building",
    Step.UNITS: "console:estate:add_units",
    Step.PRICE: "console:estate:one_price",
    Step.GATEWAY: "console:estate:gateways",
    Step.PAYMENT: "console:begin:first_payment",
}
"""The page of each step of a property that is there."""


@dataclass(frozen=True)
class StepLink:
    """A step as it is shown. `facts`: what is there, in words. `page`: its address; empty if another step must come first."""

    title: str
    is_done: bool
    is_here: bool
    facts: str
    page: str


def step_links(organisation: Organisation, property_: Property | None, here: Step | None = None) -> list[StepLink]:
    """Return the steps of a property. `here`: the step whose page is shown."""
    progress = progress_of(property_, now())
    return [
        StepLink(
            str(TITLES[step]),
            progress.is_done(step),
            step is here,
            _facts(progress, step),
            _page(organisation, progress, step),
        )
        for step in Step
    ]


def steps_above(property_: Property, here: Step) -> list[StepLink]:
    """Return the steps that stand above the page of one; none if all are done."""
    links = step_links(property_.organisation, property_, here)
    return [] if all(link.is_done for link in links) else links


def onward(property_: Property, here: Step) -> str:
    """Return the address of the next step after one that is not done, or of the property's page if all are."""
    progress = progress_of(property_, now())
    steps = list(Step)
    behind = steps.index(here) + 1
    others = [step for step in steps[behind:] + steps[:behind] if step is not here]
    following = next((step for step in others if not progress.is_done(step)), Step.PROPERTY)
    return page_of(property_, following)


def page_of(property_: Property, step: Step) -> str:
    """Return the address of a step's page."""
    return reverse(PAGES[step], args=[property_.pk])


def on_from(property_: Property, here: Step) -> HttpResponse:
    """Lead on from the page of a step to the next one that is not done, or to the property's page if all are."""
    return redirect(onward(property_, here))


def _page(organisation: Organisation, progress: Progress, step: Step) -> str:
    if progress.building is not None:
        return page_of(progress.building, step)
    return f"{reverse('console:estate:add_property')}?organisation={organisation.pk}" if step is Step.PROPERTY else ""


def landlord_page(organisation: Organisation) -> str:
    """Return the address of a landlord's page."""
    return f"{reverse('console:estate:organisation')}?organisation={organisation.pk}"


def _facts(progress: Progress, step: Step) -> str:
    """Return what is there of a step, in words; empty if nothing is."""
    if not progress.is_done(step) and step is not Step.GATEWAY:
        return ""
    if step is Step.PROPERTY and progress.building is not None:
        return str(progress.building)
    if step is Step.UNITS:
        return ngettext("%(count)d flat", "%(count)d flats", progress.units) % {"count": progress.units}
    if step is Step.PRICE:
        return progress.tariff
    if step is Step.GATEWAY and progress.gateways:
        return _("%(enrolled)d of %(gateways)d enrolled") % {
            "enrolled": progress.enrolled,
            "gateways": progress.gateways,
        }
    return ""
