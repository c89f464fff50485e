"""Codes of six digits that are sent to a phone or an e-mail address. The session, which lies in the database, keeps only a name of the
code: the digits follow from the name by the server's key. A hash would not do, since six digits are soon tried out.
"""

from __future__ import annotations

import secrets

from django.utils.crypto import salted_hmac

DIGITS = 6


def new_name() -> str:
    """Return a name for a new code."""
    return secrets.token_urlsafe(16)


def digits_of(name: str) -> str:
    """Return the digits of the code with a name."""
    number = int.from_bytes(salted_hmac("prewatt.sign_in.sent_codes", name, algorithm="sha256").digest(), "big")
    return f"{number % 10**DIGITS:0{DIGITS}}"
