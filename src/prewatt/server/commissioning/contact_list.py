"""Sets the contact details of many tenants of a building at once, from a list of its flats. People see what would
change before it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core import signing
from django.utils.translation import gettext as _

from ...tables.problems import Problems
from ..core.errors import label
from ..core.time import now
from ..estate.models import Property, Tenancy
from ..notices.contact import NO_CONTACT, Contact
from ..notices.contacts import TenantChangedError, keep_contact, kept
from ..notices.models import Recipient
from .apartments import apartments_of
from .list_columns import CONTACT, NAMES, column_of

NEEDED = ("unit", "tenant")
READ = {name: NAMES[name] for name in (*NEEDED, "first name", "last name", *CONTACT)}
"""The columns that are read: what is wrong in others keeps nobody from being reached."""
SALT = "prewatt contact list"
SHOWN_FOR = 24 * 3600
"""A list that was shown can be stored for this long, s."""


@dataclass(frozen=True)
class Change:
    """What a list says about one tenant: how they are reached before and after. `theirs`: the tenant has changed it,
    and it stays as it is.
    """

    tenancy: Tenancy
    before: Contact
    after: Contact
    theirs: bool

    def rows(self) -> list[tuple[str, str, str]]:
        """Return (field, before, after) of each field that changes."""
        return [
            (label(name), getattr(self.before, name), getattr(self.after, name))
            for name in CONTACT
            if getattr(self.before, name) != getattr(self.after, name)
        ]


@dataclass(frozen=True)
class ContactList:
    """What a list of contacts would change, and the names of its columns that are known in no list of flats: they are not used."""

    changes: list[Change]
    unused: tuple[str, ...]


def read_contact_list(property_: Property, content: bytes) -> ContactList:
    """Return what a list would change. It has the columns unit, tenant, and any of phone, email and language; an empty
    cell changes nothing. A TableError names all lines that are wrong.
    """
    rows = apartments_of(content, property_.currency, property_.zone, NEEDED, names=READ)
    problems = Problems()
    living = {
        each.unit.name.casefold(): each
        for each in Tenancy.objects.filter(unit__property=property_)
        .not_over(now())
        .select_related("unit__property__organisation")
        .order_by("-begins")
    }
    units = {name.casefold() for name in property_.units.values_list("name", flat=True)}
    changes = []
    for row in rows.apartments:
        if not row.contact:
            continue
        tenancy = living.get(row.unit.casefold())
        if row.unit.casefold() not in units:
            problems.add(row.line, "unit", _("the building has no unit %(name)r") % {"name": row.unit})
        elif tenancy is None:
            problems.add(row.line, "tenant", _("nobody lives there. Record the move-in first"))
        elif _plain(tenancy.tenant) != _plain(row.tenant):
            problems.add(
                row.line,
                "tenant",
                _("%(found)r does not live there, but %(known)s does. Correct the move first, or the list")
                % {"found": row.tenant, "known": tenancy.tenant},
            )
        else:
            changes.append(_change(tenancy, row.contact))
    problems.check()
    unused = tuple(label for label in rows.unused if not column_of(label))
    return ContactList([each for each in changes if each.before != each.after], unused)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _change(tenancy: Tenancy, given: Contact) -> Change:
    recipient = Recipient.objects.filter(tenancy=tenancy).first()
    before = kept(recipient) if recipient is not None else NO_CONTACT
    after = Contact(**{name: getattr(given, name) or getattr(before, name) for name in CONTACT})
    return Change(tenancy, before, after, recipient is not None and recipient.changed_at is not None)


def sealed(changes: Iterable[Change]) -> str:
    """Return changes as a signed text that a page can carry back. Nobody else can make one."""
    rows = [[each.tenancy.pk, each.after.phone, each.after.email, each.after.language] for each in changes]
    return signing.dumps(rows, salt=SALT, compress=True)


def take(property_: Property, text: str) -> tuple[int, Sequence[Tenancy]]:
    """Store the changes that a page has carried back. Returns how many tenants were changed, and the tenants who had
    changed their contact themselves: theirs stays as it is. Raises ValueError if the text is not from us, or is too
    old.
    """
    try:
        rows = signing.loads(text, salt=SALT, max_age=SHOWN_FOR)
    except signing.BadSignature:
        raise ValueError(_("The preview is too old. Choose the list again.")) from None
    done, theirs = 0, []
    known = Tenancy.objects.filter(unit__property=property_).select_related("unit__property__organisation")
    tenancies = known.in_bulk([pk for pk, *_contact in rows])
    for pk, *contact in rows:
        if pk not in tenancies:
            continue
        try:
            keep_contact(tenancies[pk], Contact(*contact))
            done += 1
        except TenantChangedError:
            theirs.append(tenancies[pk])
    return done, theirs
