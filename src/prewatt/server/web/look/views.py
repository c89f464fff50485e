"""All parts that pages are made of, on one page, light and dark beside each other: for whoever makes a page."""

from __future__ import annotations

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET


class Example(forms.Form):
    """A form with a field of each kind."""

    name = forms.CharField(label=gettext_lazy("Name"), help_text=gettext_lazy("As it is written on the door."))
    power = forms.IntegerField(label=gettext_lazy("Highest power, W"), min_value=1)
    urgent = forms.BooleanField(label=gettext_lazy("Tell the tenant"), required=False)


@require_GET
def look(request: HttpRequest) -> HttpResponse:
    """Show all parts (staff only)."""
    states = [
        ("ok", _("on"), _("as it should be")),
        ("soon", _("2 days left"), _("somebody must act soon")),
        ("off", _("off"), _("without power, refused, failed")),
        ("silent", _("silent since 12:03"), _("sends nothing")),
        ("unknown", _("not known"), _("nobody can know")),
        ("doubtful", _("doubtful"), _("known, but perhaps wrong")),
    ]
    context = {
        "states": states,
        "form": Example({"name": _("Flat 1"), "power": "-5"}),
        "page": Paginator(range(300), 100).page(2),
        "tabs": [(_("Overview"), "#", True), (_("Money"), "#", False), (_("Papers"), "#", False)],
        "shades": ("light", "dark"),
        "days": (35, 62, 92, 96, 97, 100, 48),
    }
    return render(request, "web/look/look.html", context)
