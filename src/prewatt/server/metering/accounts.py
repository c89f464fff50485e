"""A meter's account: kept with a digest, so that no bit of it changes unseen, and read for pages and notices."""

from __future__ import annotations

import hashlib
from typing import TypedDict

from ...kernel.account import Account
from .models import Meter


class Kept(TypedDict):
    """The columns of a meter's row that an account and the hash of its last entry are kept in."""

    head: bytes
    account: bytes
    digest: bytes


def kept(account: Account, head: bytes) -> Kept:
    """What is stored of an account, after the entry with the hash `head`."""
    body = account.dump()
    return {"head": head, "account": body, "digest": _digest(head, body)}


def _digest(head: bytes, body: bytes) -> bytes:
    return hashlib.sha256(head + body).digest()


def stored_account(meter: Meter) -> Account:
    """A meter's account. ValueError if it can't be read, or is not as it was stored."""
    head, body, digest = bytes(meter.head), bytes(meter.account), bytes(meter.digest)
    # A row of an earlier version has no digest until its next entry.
    if digest and digest != _digest(head, body):
        raise ValueError("it is not as it was stored")
    return Account.load(body)


def account_of(meter: Meter) -> Account:
    """A meter's account; where it can't be read, which is an alarm of its own, what the row tells: no prices, no locks."""
    try:
        return stored_account(meter)
    except ValueError:
        told = Account()
        told.seq, told.at, told.balance, told.credited = meter.seq, meter.at or 0, meter.balance, meter.balance
        told.register, told.read_at, told.closed = meter.register, meter.read_at or 0, meter.closed
        return told
