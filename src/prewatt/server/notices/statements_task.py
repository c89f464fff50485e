"""Statements that are sent to tenants by e-mail, as a task."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..billing.models import StatementPaper
from ..core.time import now
from ..estate.models import Tenancy
from ..statements.many_task import meant_by, span_of
from ..statements.papers import give_out
from ..statements.pdf import PdfError, to_pdf
from ..statements.statement import Statement, days, statement
from ..tasks.models import Task
from ..tasks.outcomes import Outcome, Progress, TaskError
from .channels.interface import Attachment
from .models import SendingAccount
from .papers import EMAIL, NotSentError, email_of, send_paper

MAILED = "statements-mail"


def mail_statements(task: Task, progress: Progress) -> Outcome:
    """Send the statements of some days to the tenants whom the task means (`meant_by`). A preliminary statement is not sent. The
    facts name the tenants by what happened: `sent`, `without` an address, `preliminary`, or `failed` with the reason. A task that
    was interrupted can be run again: nobody gets a second statement. Raises TaskError if no PDF can be made, or the landlord
    has no mail server.
    """
    property_, first, last = span_of(task)
    # Otherwise all addresses would be said to be unknown.
    if not SendingAccount.objects.filter(organisation=property_.organisation_id, kind=EMAIL).exists():
        raise TaskError(
            _("Nothing was sent, because no mail server is set up. Set up e-mail under Messages > Notices.")
        )
    rows = meant_by(task)
    facts: dict[str, list[str]] = {"sent": [], "without": [], "preliminary": [], "failed": []}
    for number, tenancy in enumerate(rows, 1):
        try:
            facts[_mailed(tenancy, statement(tenancy, *days(tenancy, first, last)), task)].append(str(tenancy))
        except NotSentError as error:
            facts["failed"].append(f"{tenancy}: {error}")
        except PdfError as error:
            raise TaskError(str(error)) from None
        progress(number, len(rows))
    return Outcome(facts=facts)


def _mailed(tenancy: Tenancy, document: Statement, task: Task) -> str:
    """Send a statement; return under which of the facts the tenant stands."""
    channel = email_of(tenancy)
    if channel is None:
        return "without"
    paper = give_out(document)
    if paper is None:
        return "preliminary"
    if paper.sent_at is not None and paper.sent_at >= _asked(task):
        return "sent"
    name = f"{document.first_day:%Y-%m-%d}-{document.last_day:%Y-%m-%d}"
    title = _("Statement %(number)s") % {"number": paper}
    text = _("The statement of your electricity, %(first)s to %(last)s, is attached. %(landlord)s") % {
        "first": document.first_day,
        "last": document.last_day,
        "landlord": tenancy.unit.property.organisation,
    }
    send_paper(channel, title, text, Attachment(to_pdf(document), f"statement-{name}.pdf", "application/pdf"))
    StatementPaper.objects.filter(pk=paper.pk).update(sent_at=now())
    return "sent"


def _asked(task: Task) -> int:
    """Return the instant at which a task was asked for, on the clock that meters run on."""
    return int(task.given["at"])
