"""What other rooms can hear of payments, without loading the providers' libraries."""

from __future__ import annotations

from django.dispatch import Signal

agreement_changed = Signal()
"""Sent with the `merchant` and the `report` if a provider says that a payer has agreed to payments without them, or ended that."""
