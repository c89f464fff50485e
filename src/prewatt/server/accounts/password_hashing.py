"""How passwords are kept: scrypt, with the costs that OWASP ASVS 2.4.6 asks for."""

from __future__ import annotations

from threading import BoundedSemaphore

from django.contrib.auth.hashers import ScryptPasswordHasher

AT_ONCE = BoundedSemaphore(2)
"""Each takes 64 MiB and a core for a fifth of a second: more than two at a time only fill a small machine's memory."""


class Scrypt(ScryptPasswordHasher):
    """Scrypt with N = 2^16, r = 8, p = 1. A password that was hashed with Django's own costs is hashed again at the
    next log-in.
    """

    work_factor = 2**16
    parallelism = 1
    maxmem = 128 * 2**20

    def encode(  # type: ignore[override]
        self, password: str, salt: str, n: int | None = None, r: int | None = None, p: int | None = None
    ) -> str:
        """Return the hash of a password as it is stored."""
        with AT_ONCE:
            return str(super().encode(password, salt, n, r, p))
