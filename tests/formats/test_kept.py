"""What statements, bills, books, notices, journals and the API say of two months is what the files in `kept/` have.

Who changes it on purpose writes the files anew with `make kept`, and looks at what Git shows of them: every line of it is a
change that a tenant, an accountant or a landlord's program sees.
"""

import hashlib
import html
import json
import os
import re
from datetime import date
from difflib import unified_diff
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from prewatt.cli.notice import preview_notices
from prewatt.kernel.entries import decode_entry
from prewatt.kernel.units import exact_instant, exact_money
from prewatt.server.notices.languages import languages
from tests.formats.two_months import FIRST, LAST, TwoMonths
from tests.gateway import at

KEPT = Path(__file__).parent / "kept"
WRITE = "WRITE_KEPT" in os.environ
LONGEST = 60
"""How many lines of a difference are shown."""
DAYS = f"first={FIRST}&last={LAST}"


def same(name, text):
    """Compare a text with a file and show where they differ; write the file if that was asked for."""
    path = KEPT / name
    if WRITE:
        KEPT.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    kept = path.read_bytes().decode() if path.exists() else ""
    lines = unified_diff(kept.splitlines(), text.splitlines(), f"kept/{name}", "now", n=2, lineterm="")
    if shown := [line[:300] for line in islice(lines, LONGEST)]:
        shown += ["..."] if len(shown) == LONGEST else []
        pytest.fail("\n".join(["is this wanted? then: make kept", *shown]), pytrace=False)


@pytest.fixture
def two_months(db, clock, store):
    """The building, whose rows have the numbers that they have in an empty database."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sqlite_sequence")
    return TwoMonths(clock, store)


def test_what_people_and_programs_are_given_of_two_months(two_months, client, subtests):
    from prewatt.server.accounts.keys import make_key

    headers = {"Authorization": f"Bearer {make_key(two_months.manager, 'test')}"}

    def asked(path):
        answer = client.get(f"/api/v1/{path}", headers=headers)
        assert answer.status_code == 200, (path, answer.content)
        return answer

    texts = dict(
        [*_statements(two_months, asked), *_bills(asked), *_books(two_months.owner), *_journals(two_months.edge)]
    )
    texts["api.json"] = _answers(two_months, asked)
    assert WRITE or {path.name for path in KEPT.iterdir() if not path.name.startswith("notices-")} == set(texts)
    for name, text in texts.items():
        with subtests.test(name):
            same(name, text)


def as_json(value):
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _statements(two_months, asked):
    """Of each tenancy, over both months: as JSON, as CSV and on paper."""
    for tenancy in two_months.tenancies():
        path, name = f"tenancies/{tenancy.pk}/statement?{DAYS}", f"statement-{tenancy.tenant.lower()}"
        yield f"{name}.json", as_json(asked(path).json())
        yield f"{name}.csv", asked(f"{path}&form=csv").content.decode()
        yield f"{name}.txt", _on_paper(tenancy)


def _bills(asked):
    from prewatt.server.billing.models import Bill

    for bill in Bill.objects.select_related("tenancy__unit__property__organisation").order_by("number"):
        path, name = f"bills/{bill.pk}", f"bill-{bill.number}"
        yield f"{name}.json", as_json(asked(path).json())
        yield f"{name}.csv", asked(f"{path}?form=csv").content.decode()
        yield f"{name}.txt", _on_paper(bill.tenancy, bill)


def _on_paper(tenancy, bill=None):
    """The words of the paper: a line for each row of a table, and for each other block."""
    from django.template.loader import render_to_string

    from prewatt.server.statements.bills import standing_of
    from prewatt.server.statements.statement import days, statement

    span = (bill.begins, bill.ends) if bill else days(tenancy, FIRST, LAST)
    paper = {"statement": statement(tenancy, *span), "stands": standing_of(bill) if bill else None}
    body = re.sub(r"\s+", " ", render_to_string("tenant/papers/statement_paper.html", paper).partition("<body>")[2])
    for tag, text in ((r"</t[dh]>", " | "), (r"</(tr|p|h1|h2|div)>|<br>", "\n"), (r"<[^>]*>", "")):
        body = re.sub(tag, text, body)
    return html.unescape("\n".join(line.strip(" |") for line in body.splitlines() if line.strip(" |")) + "\n")


def _books(owner):
    """All transfers as a table, a fortnight's as a journal, and the trial balance at the end of each month."""
    from prewatt.server.ledger.beancount import to_beancount
    from prewatt.server.ledger.beancount_names import account_name
    from prewatt.server.ledger.exports import to_csv
    from prewatt.server.ledger.rows import rows
    from prewatt.server.ledger.trial_balance import trial_balance

    yield "books.csv", to_csv(rows(owner, FIRST, LAST))
    yield "books.beancount", to_beancount(owner, rows(owner, date(2025, 11, 1), date(2025, 11, 14)))
    lines = []
    for end in (at(2025, 11, 1), at(2025, 12, 1)):
        balances = trial_balance(owner, end)
        assert sum(amount for _account, amount in balances) == 0
        lines += [
            exact_instant(end),
            *(f"{exact_money(amount):>18} {account_name(account)}" for account, amount in balances),
        ]
    yield "trial-balance.txt", "\n".join(lines) + "\n"


def _journals(edge):
    """Each entry of one meter, and of all meters the digest of their bytes: nothing in them is drawn by chance."""
    entries = [decode_entry(body) for body in edge.bodies["m1"]]
    lines = [json.dumps({"kind": type(each).__name__, **msgspec.to_builtins(each)}) for each in entries]
    lines += [
        f"{name}: {len(bodies)} entries, SHA-256 {hashlib.sha256(b''.join(bodies)).hexdigest()}"
        for name, bodies in edge.bodies.items()
    ]
    yield "journal.txt", "\n".join(lines) + "\n"


def _answers(two_months, asked):
    house = f"properties/{two_months.house.pk}"
    paths = [
        "properties",
        "bills",
        "refunds",
        "debts",
        *(f"{house}/{what}" for what in ("tariffs", "tenancies", "shared-costs", "alarms")),
        *(
            f"tenancies/{each.pk}/{what}"
            for each in two_months.tenancies()
            for what in ("terms", "bills", "top-ups", "ways")
        ),
    ]
    # A code for a meter's keypad is made with a key, which is drawn by chance.
    return re.sub(r'"\d{20}"', '"20 digits"', as_json({path: asked(path).json() for path in paths}))


@pytest.mark.parametrize("language", languages())
def test_words_of_notices(language):
    same(f"notices-{language}.txt", "\n".join(preview_notices([], [language], [])) + "\n")
