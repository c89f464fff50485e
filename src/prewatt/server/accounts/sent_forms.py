"""What came of each form that somebody has sent in the last minutes, so that a form that is sent twice, as by a double click, is
done once; and so of each call of a program that has a name.

A page has another secret in its forms each time it is shown. So a form with the same secret and the same fields is the same
one, sent again; whoever opens the page anew sends another one.

No form is stored, only a keyed hash of it. What came of it may show what is shown once, such as an invitation's code: it is
sealed, and forgotten after some minutes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, IntegrityError, models, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from ..core.sealing import sealer
from ..core.time import system_now

log = logging.getLogger("prewatt.server")

SECOND = 1_000_000
KEPT = 10 * 60 * SECOND
"""For how long (µs) it is known what came of a form."""
PATIENCE, PAUSE_S = 100, 0.2
"""How often, and after how long each time, it is looked whether the first of two forms is done."""
LONGEST = 60 * SECOND
"""After this time (µs) nobody works at a form any more: its process was ended."""
PURPOSE = "answer to a form"


class SentForm(models.Model):
    """A form that somebody has sent. `key`: its hash. `answer`: what came of it, sealed; empty while it is being done. Instants
    are µs since 1970, by the system's clock.
    """

    key = models.CharField(max_length=64, primary_key=True)
    sent_at = models.BigIntegerField(db_index=True)
    answer = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return self.key[:8]


def key_of(*parts: str) -> str:
    """Return the key of a form, by what makes it the same one: whose it is, its address, its fields."""
    return salted_hmac("prewatt sent form", repr(parts), algorithm="sha256").hexdigest()


class StillAtItError(Exception):
    """The first of two forms is still being done; the message, for people, says so."""


def first_answer(key: str) -> bytes | None:
    """Return what came of a form that was sent before; None if there was none: then the caller does it, and keeps what comes of it
    (`keep`), or drops it (`drop`). Waits while another one is at it. Raises StillAtItError if that takes too long.
    """
    for _look in range(PATIENCE):
        if _begin(key):
            return None
        if answer := _answer_of(key):
            return answer
        time.sleep(PAUSE_S)
    raise StillAtItError(_("This was sent already, and is still being done. Look in a minute what came of it."))


def _begin(key: str) -> bool:
    at = system_now()
    try:
        with transaction.atomic():
            SentForm.objects.create(key=key, sent_at=at)
    except IntegrityError:
        known = SentForm.objects.filter(key=key)
        over = models.Q(sent_at__lt=at - KEPT) | models.Q(sent_at__lt=at - LONGEST, answer=b"")
        # Of two who find it at once, one has changed it.
        return bool(known.filter(over).update(sent_at=at, answer=b""))
    return True


def keep(key: str, answer: bytes) -> None:
    """Store what came of a form."""
    with _done_all_the_same():
        SentForm.objects.filter(key=key).update(answer=sealer(PURPOSE).seal(answer))


def drop(key: str) -> None:
    """Forget a form of which nothing came: it may be sent again."""
    with _done_all_the_same():
        SentForm.objects.filter(key=key).delete()


@contextmanager
def _done_all_the_same() -> Iterator[None]:
    """Log what the database refuses: what the form was for is done or refused by then, and its sender is to be told so."""
    try:
        yield
    except DatabaseError as error:
        log.warning("what came of a form is not kept: %s", error)


def _answer_of(key: str) -> bytes | None:
    sealed = SentForm.objects.filter(key=key).values_list("answer", flat=True).first()
    return sealer(PURPOSE).open(bytes(sealed)) if sealed else None


def forget_old() -> int:
    """Delete the rows of which nothing is known any more, and return how many there were."""
    deleted, _by_model = SentForm.objects.filter(sent_at__lt=system_now() - KEPT).delete()
    return deleted
