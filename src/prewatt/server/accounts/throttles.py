"""How often somebody may try: wrong tries are counted in the database, so that all processes of the server know them.

A kind of try (`KINDS`) is counted under one or more subjects, each made of some of the keys of a call: the wrong tries of an
account from one address, of an account from everywhere, of an address at all accounts. One try after the other is forgotten
as time goes by. From a number of tries on each further one has to wait, twice as long each time.

What nobody can guess (keys and codes of 80 bits and more, signatures) is looked at first, and the right one is always taken:
only wrong ones wait. So no stranger shuts out whoever has the right one, even from the same address.

No key is stored, only a keyed hash: a row tells neither an account nor an address.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db import IntegrityError, models, transaction
from django.utils.crypto import salted_hmac

from ..core.time import system_now

SECOND = 1_000_000
AGAIN = 50
"""How often a count is read anew if others count at the same moment: one of them is done each time."""


class Count(NamedTuple):
    """How one subject of a kind is counted. `of`: the places of its keys among the keys of a call; if one of them is
    missing, nothing is counted. `free`: wrong tries that cost no waiting. `first`: the wait (s) after the next one; it
    doubles with each further one, up to `most` (s). `forget`: the time (s) after which one wrong try is forgotten.
    `lane`: if it counts a try, the kind's other counts do not. `cleared`: a right try ends the count.
    """

    of: tuple[int, ...]
    free: int
    first: int
    most: int
    forget: int
    lane: bool = False
    cleared: bool = True


class Mark(NamedTuple):
    """A try that was counted. `subject`: the hash of its subject; `until`: when its wait ends, µs since 1970."""

    subject: str
    until: int


MINUTE, HOUR = 60, 3600
KINDS: dict[str, tuple[Count, ...]] = {
    # Account, address, known browser ("" for any other). Who has logged in before in this browser is counted alone: strangers
    # who guess can't keep them out. From everywhere else an account takes 90 wrong tries an hour, so that many addresses are
    # no way to guess. One right log-in at an address says nothing about its other tries.
    "log-in": (
        Count(of=(0, 2), free=10, first=5, most=15 * MINUTE, forget=HOUR, lane=True),
        Count(of=(0, 1), free=5, first=5, most=15 * MINUTE, forget=HOUR),
        Count(of=(0,), free=30, first=MINUTE, most=MINUTE, forget=5 * MINUTE, cleared=False),
        Count(of=(1,), free=60, first=5, most=5 * MINUTE, forget=MINUTE, cleared=False),
    ),
    # Account, address: a one-time code of six digits, a code of an authenticator.
    "code": (
        Count(of=(0, 1), free=5, first=10, most=15 * MINUTE, forget=HOUR),
        Count(of=(0,), free=20, first=MINUTE, most=15 * MINUTE, forget=30 * MINUTE),
        Count(of=(1,), free=60, first=5, most=5 * MINUTE, forget=MINUTE, cleared=False),
    ),
    # E-mail address or phone number, address, known browser ("" for any other): a message with a code costs money and patience, so
    # each one that is asked for counts. Strangers who ask for codes to somebody's number use up none in that person's browser.
    "send code": (
        Count(of=(0, 2), free=3, first=MINUTE, most=HOUR, forget=HOUR, lane=True, cleared=False),
        Count(of=(0,), free=3, first=MINUTE, most=HOUR, forget=HOUR, cleared=False),
        Count(of=(1,), free=20, first=MINUTE, most=HOUR, forget=10 * MINUTE, cleared=False),
    ),
    # Session and code: a code that was sent, which is valid for five minutes, is guessed three times.
    "sent code": (Count(of=(0,), free=3, first=5 * MINUTE, most=5 * MINUTE, forget=5 * MINUTE),),
    # Address. What is guessed here has 80 bits and more.
    "invitation": (Count(of=(0,), free=20, first=5, most=5 * MINUTE, forget=MINUTE, cleared=False),),
    # Address: links by which others pay for a flat, whose tokens have 160 bits.
    "gift link": (Count(of=(0,), free=20, first=5, most=5 * MINUTE, forget=MINUTE, cleared=False),),
    # Link, address: each payment that is asked for at its page counts, because each is a question to the provider. An employer
    # pays for many flats from one address.
    "gift": (
        Count(of=(0,), free=10, first=30, most=15 * MINUTE, forget=2 * MINUTE, cleared=False),
        Count(of=(1,), free=40, first=30, most=15 * MINUTE, forget=MINUTE, cleared=False),
    ),
    # Address, login that this phone had a key of ("" for any other): what a mini program says is asked of WeChat, which counts what
    # it is asked. Nobody guesses such a code: thirty a minute are bearable, and a building has one address.
    "WeChat code": (
        Count(of=(1,), free=20, first=2, most=2, forget=2, lane=True, cleared=False),
        Count(of=(0,), free=20, first=2, most=2, forget=2, cleared=False),
    ),
    "first start": (Count(of=(0,), free=20, first=5, most=5 * MINUTE, forget=MINUTE, cleared=False),),
    "enrolment": (Count(of=(0,), free=10, first=5, most=5 * MINUTE, forget=MINUTE, cleared=False),),
    "API key": (Count(of=(0,), free=20, first=5, most=5 * MINUTE, forget=MINUTE, cleared=False),),
    "callback": (Count(of=(0,), free=20, first=5, most=5 * MINUTE, forget=MINUTE, cleared=False),),
    # Address. A link of a message has 48 bits.
    "notice link": (Count(of=(0,), free=20, first=5, most=5 * MINUTE, forget=MINUTE, cleared=False),),
    # User: each test message counts.
    "test message": (Count(of=(0,), free=5, first=30, most=10 * MINUTE, forget=10 * MINUTE, cleared=False),),
}
"""All kinds of tries: what their keys are, and how they are counted."""


class Throttle(models.Model):
    """The wrong tries of one subject. `subject`: its hash. `wrong`: how many there were at `last_at`. `until`: before this no
    try is looked at. `ends`: from then on nothing of it is remembered, and the row can go. Instants are µs since 1970.
    """

    subject = models.CharField(max_length=64, primary_key=True)
    wrong = models.PositiveIntegerField()
    last_at = models.BigIntegerField()
    until = models.BigIntegerField()
    ends = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.subject[:8]}: {self.wrong}"


def waits(kind: str, *keys: str) -> float:
    """Return how long (s) this asker has to wait until a try is looked at; 0: not at all."""
    counts = {_subject(kind, place, keys): count for place, count in _counts(kind, keys)}
    at = system_now()
    left = 0
    for row in Throttle.objects.filter(subject__in=counts):
        # If the clock was put back, a wait lasts no longer than one that begins now.
        left = max(left, min(row.until - at, counts[row.subject].most * SECOND))
    return left / SECOND


def failed(kind: str, *keys: str) -> None:
    """Count a wrong try. Call it outside of transactions that others wait for."""
    for place, count in _counts(kind, keys):
        subject = _subject(kind, place, keys)
        for _again in range(AGAIN):
            if _counted(subject, count) is not None:
                break


def take(kind: str, *keys: str) -> tuple[float, list[Mark]]:
    """Count a try as wrong before it is looked at, so that many tries at once get no more chances than one after the
    other. Returns how long (s) this asker has to wait, and the marks of the try. If the wait is 0, the try may be
    looked at; if it is right, give the marks to `give_back`. Call it outside of transactions that others wait for.
    """
    marks: list[Mark] = []
    wait = waits(kind, *keys)
    for place, count in _counts(kind, keys) if not wait else ():
        subject = _subject(kind, place, keys)
        for _again in range(AGAIN):
            mark = _counted(subject, count, only_free=True)
            if mark is not None:
                break
        if mark is not None and not mark.subject:
            # Somebody else's try was counted in the same moment.
            give_back(marks)
            return max(waits(kind, *keys), 1.0), []
        marks += [mark] if mark is not None else []
    return wait, marks


def give_back(marks: Iterable[Mark]) -> None:
    """Take back what was counted for a try that was right. A wait that another try has begun stays."""
    for subject, until in marks:
        rows = Throttle.objects.filter(subject=subject, wrong__gt=0)
        rows.filter(until=until).update(until=system_now())
        rows.update(wrong=models.F("wrong") - 1)


def passed(kind: str, *keys: str) -> None:
    """Forget the wrong tries of somebody whose try was right, in all counts that a right try ends."""
    subjects = [_subject(kind, place, keys) for place, count in _counts(kind, keys) if count.cleared]
    if subjects and Throttle.objects.filter(subject__in=subjects).exists():
        Throttle.objects.filter(subject__in=subjects).delete()


def forget_old() -> int:
    """Delete the rows of which nothing is remembered any more, and return how many there were."""
    deleted, _by_model = Throttle.objects.filter(ends__lt=system_now()).delete()
    return deleted


def _counts(kind: str, keys: tuple[str, ...]) -> list[tuple[int, Count]]:
    """Return the counts of a call with their places in the kind's row."""
    known = [
        (place, count)
        for place, count in enumerate(KINDS[kind])
        if all(len(keys) > key and keys[key] for key in count.of)
    ]
    return [each for each in known if each[1].lane] or known


def _subject(kind: str, place: int, keys: tuple[str, ...]) -> str:
    text = "\0".join([kind, str(place), *(keys[key] for key in KINDS[kind][place].of)])
    return salted_hmac("prewatt.throttles", text, algorithm="sha256").hexdigest()


def _counted(subject: str, count: Count, only_free: bool = False) -> Mark | None:
    """Count one more wrong try of a subject; return None if somebody else has counted one meanwhile. `only_free`: unless it has
    to wait; then the mark is empty.
    """
    at = system_now()
    row = Throttle.objects.filter(subject=subject).first()
    if only_free and row is not None and at < row.until <= at + count.most * SECOND:
        return Mark("", 0)
    forgotten = max(at - row.last_at, 0) // (count.forget * SECOND) if row else 0
    wrong = min(max(row.wrong - forgotten, 0) if row else 0, _most(count)) + 1
    beyond = wrong - count.free
    until = at + (min(count.first * 2 ** (beyond - 1), count.most) * SECOND if beyond > 0 else 0)
    fields = {"wrong": wrong, "last_at": at, "until": until, "ends": max(until, at + wrong * count.forget * SECOND)}
    if row:
        same = Throttle.objects.filter(subject=subject, wrong=row.wrong, last_at=row.last_at)
        return Mark(subject, until) if same.update(**fields) else None
    try:
        with transaction.atomic():
            Throttle.objects.create(subject=subject, **fields)
    except IntegrityError:
        return None
    return Mark(subject, until)


def _most(count: Count) -> int:
    """Return from how many tries on the wait is the longest: more are not counted, so that none is remembered for longer."""
    return count.free + (count.most // count.first).bit_length()
