"""Pages of bank statements: they are uploaded, looked through, and booked line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from ....kernel.calendar import zone
from ...accounts.rights import Right
from ...core.time import now
from ...core.uploads import LARGEST_UPLOAD, choose_file, chosen_file, takes
from ...estate.models import Organisation, Tenancy
from ...payments.bank import (
    BankError,
    Upload,
    book_line,
    book_payout,
    candidates,
    possible,
    recorded_by_hand,
    returned_by,
    same_as_line,
    same_as_recorded,
    set_aside,
    suggestion,
    upload,
)
from ...payments.bank_task import LARGE, STATEMENT
from ...payments.matching import referenced
from ...payments.models import BankLine, Merchant
from ...payments.returned import book_came_back, book_returned, may_be_taken_back, may_have_come_back
from ...payments.same import RecordedPayment
from ...payments.statements.errors import Unknown
from ...payments.waiting_statements import keep_waiting
from ...tasks import asking
from ...vending.models import PayOut, TopUp
from ...web.access import owner_of, row_of, tenancies_of
from ...web.forms import key
from ...web.kept import Unclear, refuse, say
from ...web.paging import list_page
from ...web.tasks.own_tasks import facts_of
from ...web.tenancy_choice import chosen_tenancy

SHOWN = 100
HOME = ("unit__property__organisation",)
CHOSEN_FROM = 5
"""The most payments that are offered if it is not clear which one the bank took back."""
_READ = gettext_lazy("New lines: %(new)d. Already known: %(known)d. No incoming money: %(out)d. Nothing is booked yet.")
LEFT_OUT = "bank-left-out"
"""The key under which a session keeps what the last upload has left out, until it was shown."""


@takes(LARGEST_UPLOAD)
@login_required
@require_http_methods(["GET", "POST"])
def bank(request: HttpRequest) -> HttpResponse:
    """Show what is still to be booked of the uploaded statements, each line with the tenant it seems to be for."""
    owner = owner_of(request)
    if request.method == "POST":
        return _lead(request, _read(request, owner))
    facts = facts_of(request, STATEMENT)
    if "unknown" in facts:
        messages.warning(request, str(facts["unknown"]))
        return redirect(f"{reverse('console:bank_columns:columns')}?organisation={owner.pk}")
    if facts:
        messages.success(request, _READ % facts)
    lines = owner.bank_lines.filter(state=BankLine.State.OPEN)
    page = list_page(request, lines.filter(amount__gt=0).select_related("like__top_up__tenancy__unit__property"))
    money_in = list(page)
    tenancies = possible(money_in, tenancies_of(owner))
    former = _former(owner, money_in, tenancies)
    recorded = recorded_by_hand(money_in, tenancies)
    doubts = _doubts(money_in, recorded)
    returns = [(line, returned_by(line)) for line in lines.filter(amount__lt=0)[:SHOWN]]
    sent = may_have_come_back(money_in)
    asked = _taken_back(returns) | {line.pk for line, _payment in doubts}
    context = {
        "owner": owner,
        "zone_info": zone(owner.home().zone),
        "doubts": doubts,
        "returns": [(line, before, _which_it_may_be(line, before)) for line, before in returns],
        "lines": [
            (*_proposed(line, tenancies, former), sent.get(line.pk, [])) for line in money_in if line.pk not in asked
        ],
        "page": page,
        "count": page.paginator.count - len(asked),
        "left_out": facts.get("left_out") or request.session.pop(LEFT_OUT, []),
        "done": owner.bank_lines.exclude(state=BankLine.State.OPEN)
        .select_related("top_up__tenancy__unit__property", "debt_payment__tenancy__unit__property", "merchant", "by")
        .order_by("-day", "-pk")[:20],
        "tenancies": f"{reverse('console:payments:tenancies')}?organisation={owner.pk}",
        "merchants": Merchant.objects.filter(organisation=owner),
        "so_far": _so_far(owner, now()),
    }
    return render(request, "console/bank/bank.html", context)


def _lead(request: HttpRequest, to: str) -> HttpResponse:
    """Lead to an address; a page that shows how far an upload is goes there as a whole."""
    return HttpResponseClientRedirect(to) if request.headers.get("HX-Request") else redirect(to)


def _doubts(
    lines: Iterable[BankLine], recorded: Mapping[int, list[RecordedPayment]]
) -> list[tuple[BankLine, list[RecordedPayment]]]:
    """Return the lines that may be booked already, each with the payments that staff has `recorded` by hand."""
    return [(line, recorded.get(line.pk, [])) for line in lines if line.like or line.pk in recorded]


def _which_it_may_be(line: BankLine, before: BankLine | None) -> list[TopUp] | QuerySet[TopUp]:
    """Return the payments of which the bank may have taken one back by a line; none if it names the line `before`."""
    return [] if before else may_be_taken_back(line)[:CHOSEN_FROM]


def _so_far(owner: Organisation, since: int) -> str:
    return f"{reverse('console:bank:so_far')}?organisation={owner.pk}&since={since}"


@login_required
@require_GET
def so_far(request: HttpRequest) -> HttpResponse:
    """Show how many lines this person's upload has brought since the instant `since`. The browser asks again and again
    until the upload is done.
    """
    owner, text = owner_of(request), request.GET.get("since", "")
    since = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else now()
    count = owner.bank_lines.filter(by=request.user.pk, uploaded_at__gte=since).count()
    return render(request, "console/bank/_bank_so_far.html", {"count": count, "so_far": _so_far(owner, since)})


def _all(owner: Organisation) -> QuerySet[Tenancy]:
    return Tenancy.objects.filter(unit__property__organisation=owner).select_related(*HOME)


def _former(owner: Organisation, lines: Iterable[BankLine], tenancies: list[Tenancy]) -> list[Tenancy]:
    """Return the settled tenancies that lines name by their references, and that are none of `tenancies`."""
    numbers: set[int] = set()
    for line in lines:
        numbers |= referenced(f"{line.text} | {line.payer}")
    known = {each.pk for each in tenancies}
    return list(_all(owner).filter(pk__in=numbers - known, settled_at__isnull=False)) if numbers else []


def _taken_back(returns: list[tuple[BankLine, BankLine | None]]) -> set[int]:
    """Return the keys of lines that the bank took back before they were credited: they are not to be credited."""
    return {before.pk for _line, before in returns if before is not None and before.state == BankLine.State.OPEN}


def _proposed(
    line: BankLine, tenancies: list[Tenancy], former: list[Tenancy]
) -> tuple[BankLine, Tenancy | None, list[Tenancy]]:
    """Return a line, the tenant it seems to be for, and all it may be for, the likeliest first. A tenant who has left
    and owes nothing is one of them if the line has their reference: the money is then owed back to them.
    """
    references = referenced(f"{line.text} | {line.payer}") if former else set()
    possible = [*tenancies, *(each for each in former if each.pk in references)]
    return line, suggestion(line, possible), candidates(line, possible)


def _read(request: HttpRequest, owner: Organisation) -> str:
    """Read the uploaded file, say what came of it, and return the address of the page that shows it."""
    content = chosen_file(request, "statement")
    if content is None:
        messages.error(request, choose_file())
        return reverse("console:bank:bank")
    if len(content) > LARGE:
        return read_as_task(request, owner, content)
    try:
        upload_ = upload(owner, content, owner.home().currency, request.user)
    except Unknown as error:
        keep_waiting(owner, content, request.user)
        messages.warning(request, str(error))
        return f"{reverse('console:bank_columns:columns')}?organisation={owner.pk}"
    except BankError as error:
        messages.error(request, str(error))
    else:
        tell(request, upload_)
    return _page_of(owner)


def read_as_task(request: HttpRequest, owner: Organisation, content: bytes) -> str:
    """Let a large file be read as a task, and return the address of the page that shows how far it is."""
    try:
        task = asking.ask(STATEMENT, owner, request.user, _page_of(owner), content=content, right=Right.BANK)
    except ValidationError as error:
        say(request, error)
        return _page_of(owner)
    return reverse("web:tasks:task", args=[task.pk])


def _page_of(owner: Organisation) -> str:
    return f"{reverse('console:bank:bank')}?organisation={owner.pk}"


def tell(request: HttpRequest, result: Upload) -> None:
    """Say what came of an upload, and keep for the page what was left out."""
    messages.success(request, _READ % {"new": len(result.new), "known": result.known, "out": result.out})
    request.session[LEFT_OUT] = [[each.number, str(each.why.label), each.text] for each in result.left_out[:SHOWN]]


@login_required
@require_POST
def book(request: HttpRequest) -> HttpResponse:
    """Book the lines for which a person has chosen something: for a tenant, as a payout, or set aside. A line that
    can't be booked is named; the others are booked.
    """
    owner = owner_of(request)
    booked, refusals = 0, _Refusals()
    for pk, choice in _chosen(request):
        line = row_of(request, BankLine.objects.all(), "organisation", pk=pk)
        try:
            _book(request, owner, line, choice)
            booked += 1
        except Unclear as error:
            refusals.add(line, error)
        except BankError as error:
            messages.error(request, f"{line}: {error}")
    if refusals.texts:
        refuse(request, Unclear(refusals.texts, refusals.choices), labels=refusals.lines)
    if booked:
        messages.success(
            request, ngettext("%(n)d line is dealt with.", "%(n)d lines are dealt with.", booked) % {"n": booked}
        )
    return redirect(f"{reverse('console:bank:bank')}?organisation={owner.pk}")


def _chosen(request: HttpRequest) -> Iterator[tuple[int, str]]:
    """Yield the key of each line for which something is chosen, and the choice; `typed` if a tenant is typed."""
    for name in request.POST:
        pk, choice = name.removeprefix("line-"), request.POST.get(name, "")
        if name.startswith("line-") and pk.isdecimal() and len(pk) <= 18:
            typed = request.POST.get(f"{name}-typed", "").strip()
            if typed or choice:
                yield int(pk), "typed" if typed else choice


@dataclass
class _Refusals:
    """The lines whose typed tenant is not clear: by their fields what is said, what can be chosen, and the lines."""

    texts: dict[str, str] = field(default_factory=dict)
    choices: dict[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)

    def add(self, line: BankLine, error: Unclear) -> None:
        name = f"line-{line.pk}"
        self.texts[name], self.choices[name], self.lines[name] = error.messages[0], error.choices[name], str(line)


def _book(request: HttpRequest, owner: Organisation, line: BankLine, choice: str) -> None:
    """Do with a line what was chosen, such as `tenancy:12`. Raises BankError if that can't be done, and Unclear if it is not
    clear which tenant is typed.
    """
    what, _colon, which = choice.partition(":")
    if what == "typed":
        tenancy = chosen_tenancy(request, tenancies_of(owner).select_related(*HOME), f"line-{line.pk}")
    else:
        tenancy = _all(owner).filter(pk=key(which)).first() if what == "tenancy" else None
    if tenancy is not None:
        book_line(line, tenancy, request.user)
    elif what == "payout" and which.isdecimal():
        book_payout(line, get_object_or_404(Merchant, pk=int(which), organisation=owner), request.user)
    elif what == "back":
        book_returned(line, request.user, _of(TopUp, which, line) if which else None)
    elif what == "sent":
        book_came_back(line, _of(PayOut, which, line), request.user)
    elif what == "aside":
        set_aside(line, request.user)
    else:
        raise BankError(_("Choose the tenant."))


@login_required
@require_POST
def same(request: HttpRequest, pk: int) -> HttpResponse:
    """Store whether a line is a payment that is known already (`same`: `line`, or the key of the payment that staff
    recorded), or one of its `own`.
    """
    line = row_of(request, BankLine.objects.all(), "organisation", pk=pk)
    choice = request.POST.get("same", "")
    try:
        if not choice:
            raise BankError(_("Choose whether this is one payment or two."))
        if choice == "line" or (choice == "own" and line.like_id):
            same_as_line(line, choice == "line", request.user)
        else:
            same_as_recorded(line, "" if choice == "own" else choice, request.user)
    except BankError as error:
        messages.error(request, f"{line}: {error}")
    return redirect(f"{reverse('console:bank:bank')}?organisation={line.organisation_id}")


Row = TypeVar("Row", TopUp, PayOut)


def _of(kind: type[Row], which: str, line: BankLine) -> Row:
    """Return the row that a person has chosen. It must belong to the landlord of the line."""
    path = "organisation" if kind is TopUp else "refund__tenancy__unit__property__organisation"
    if not which.isdecimal() or len(which) > 18:
        raise BankError(_("Choose the tenant."))
    row: Row = get_object_or_404(kind, pk=int(which), **{path: line.organisation_id})
    return row
