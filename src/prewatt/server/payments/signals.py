"""What other rooms can hear of payments, without loading the providers' libraries."""

from __future__ import annotations

from django.dispatch import Signal

agreement_changed = Signal()
"""Sent with the `merchant` and the `report` if a provider says that a payer has agreed to payments without them, or ended that."""
went_back = Signal()
"""Sent with the `payment` of which nothing is left, since it was taken back, and `why` (a sentence), in the transaction that books it."""
