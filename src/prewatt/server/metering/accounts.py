"""A meter's account is stored with a digest, so that no changed bit goes unnoticed, and read for pages and notices."""

from __future__ import annotations

import hashlib
from typing import TypedDict

from ...kernel.account import Account
from .models import Meter


class Kept(TypedDict):
    """The columns of a meter's row that hold an account and the hash of its last entry."""

    head: bytes
    account: bytes
    digest: bytes


def kept(account: Account, head: bytes) -> Kept:
    """Return the columns that store an account after the entry with the hash `head`."""
    body = account.dump()
    return {"head": head, "account": body, "digest": _digest(head, body)}


def _digest(head: bytes, body: bytes) -> bytes:
    return hashlib.sha256(head + body).digest()


def stored_account(meter: Meter) -> Account:
    """Return a meter's account. Raises ValueError if it cannot be read, or is not as it was stored."""
    head, body, digest = bytes(meter.head), bytes(meter.account), bytes(meter.digest)
    # A row of an earlier version has no digest until its next entry.
    if digest and digest != _digest(head, body):
        raise ValueError("it is not as it was stored")
    return Account.load(body)


def account_of(meter: Meter) -> Account:
    """Return a meter's account. If it cannot be read, which raises its own alarm, it has what the row says: no prices,
    no locks.
    """
    try:
        return stored_account(meter)
    except ValueError:
        account = Account()
        account.seq, account.at, account.balance, account.credited = (
            meter.seq,
            meter.at or 0,
            meter.balance,
            meter.balance,
        )
        account.register, account.read_at, account.closed = meter.register, meter.read_at or 0, meter.closed
        return account
