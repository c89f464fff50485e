"""What other rooms can hear of payments, without loading the providers' libraries."""

from __future__ import annotations

from django.dispatch import Signal

agreement_changed = Signal()
"""Sent with the `merchant` and the `report` (`AgreementReport`) when a payer has made or ended an agreement."""
went_back = Signal()
"""Sent in the transaction that books that the last of a `payment` was taken back; with `why`, a sentence."""
