"""The trial balance of the books at an instant."""

from __future__ import annotations

from ..estate.models import Organisation
from .models import Account
from .sums import sums_at


def trial_balance(organisation: Organisation, at: int) -> list[tuple[Account, int]]:
    """Return pairs of (account, credits less debits in nano) for every account, with all transfers before an instant.
    At the midnight that ends a day, that day is included. The amounts sum to zero.
    """
    sums = sums_at(organisation, at)
    accounts = Account.objects.filter(organisation=organisation).select_related("tenancy__unit__property")
    return [(each, sums.get(each.pk, 0)) for each in accounts.order_by("kind", "pk")]
