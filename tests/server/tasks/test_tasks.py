"""Heavy work: whose turn it is, what a cut-off leaves, who gets the result, and what its page says."""

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from prewatt.processes import tasks as processes
from prewatt.server.accounts.audit import AuditEntry
from prewatt.server.core.time import system_now
from prewatt.server.estate.models import Organisation, Property, Tenancy
from prewatt.server.payments.models import BankLine
from prewatt.server.tariffs.models import Tariff
from prewatt.server.tasks import ending, left_tasks
from prewatt.server.tasks.asking import MOST_WAITING, ask
from prewatt.server.tasks.left_tasks import MOST_TRIES, cut_off, forget_old
from prewatt.server.tasks.models import Task
from prewatt.server.tasks.outcomes import Outcome, TaskError
from prewatt.server.tasks.queueing import claim

pytestmark = pytest.mark.database
LINES = 3000
PAPER = {"first": "2025-10-01", "last": "2025-12-31", "format": "pdf"}


@pytest.fixture
def owner(building):
    return Organisation.objects.get()


@pytest.fixture
def person(building):
    return get_user_model().objects.get(username="manager")


def statement(lines=LINES):
    rows = [
        f"2025-11-{1 + number % 28:02},{number}.25,EUR,Payer {number},rent {number}" for number in range(1, lines + 1)
    ]
    return "\n".join(["date,amount,currency,payer,text", *rows]).encode()


def work():
    """Do the next task as its process does."""
    processes._do(claim(1))


def test_one_task_of_an_organisation_at_a_time_and_who_was_served_longest_ago_is_next(owner, person):
    other = Organisation.objects.create(name="Other")
    first, *more = [ask("books", owner, person, "/") for _number in range(3)]
    theirs = ask("books", other, person, "/")
    assert [claim(1), claim(2), claim(3)] == [first, theirs, None]
    processes.finish(Task.objects.get(pk=first.pk), Outcome())
    theirs_too = ask("books", other, person, "/")
    assert claim(1) == more[0]
    processes.finish(Task.objects.get(pk=theirs.pk), Outcome())
    processes.finish(Task.objects.get(pk=more[0].pk), Outcome())
    # The other one was served before the first one's second task.
    assert claim(1) == theirs_too


def test_nobody_can_ask_for_more_than_can_be_done(owner, person):
    for _number in range(MOST_WAITING):
        ask("books", owner, person, "/")
    with pytest.raises(ValidationError, match="Too many tasks are running"):
        ask("books", owner, person, "/")


def test_a_result_that_is_too_large_is_none_and_its_task_says_how_large_it_may_be(owner, person, monkeypatch):
    monkeypatch.setattr(ending, "LARGEST_RESULT", 3_000_000)
    sizes = {3_000_000: "", 3_000_001: "The file is larger than 3 MB. Choose fewer days."}
    for size, text in sizes.items():
        ask("books", owner, person, "/")
        task = claim(1)
        ending.finish(task, Outcome(content=b"x" * size))
        task.refresh_from_db()
        assert task.text == text
        assert bool(task.result) == (not text)


def test_what_was_cut_off_is_begun_again_and_given_up_after_three_times(owner, person):
    task = ask("books", owner, person, "/", content=b"x")
    for _try in range(MOST_TRIES):
        assert claim(7) == task
        cut_off(8)
        assert claim(9) is None
        cut_off(7)
    task.refresh_from_db()
    assert (task.state, task.text) == (
        "failed",
        "This task was interrupted 3 times, so the server stopped trying. The server's log says more.",
    )
    assert bytes(task.content) == b""


def test_who_was_cut_off_and_still_ends_changes_nothing(owner, person):
    ask("books", owner, person, "/")
    slow = claim(7)
    cut_off(7)
    again = claim(8)
    processes.finish(slow, Outcome(content=b"slow", name="slow"))
    again.refresh_from_db()
    assert (again.state, again.result_name) == ("running", "")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (TaskError("line 7 is no line"), "line 7 is no line"),
        (MemoryError(), "This task needs too much memory"),
        (KeyError("first"), "its log says which one"),
    ],
)
def test_a_task_that_fails_says_why_in_words(owner, person, monkeypatch, manager, error, text):
    def kind(_task, _progress):
        raise error

    monkeypatch.setattr(processes, "KINDS", {"books": kind})
    task = ask("books", owner, person, "/books/", right="books")
    work()
    shown = manager.get(f"/tasks/{task.pk}/").content.decode()
    assert text in shown
    assert "hx-trigger" not in shown.split("<main")[1]


def test_a_task_that_takes_too_long_is_ended(owner, person, monkeypatch):
    ask("books", owner, person, "/")
    task = claim(7)
    monkeypatch.setattr(left_tasks, "LONGEST", -1)
    processes.Runners().look_after()
    task.refresh_from_db()
    assert task.state == "failed"
    assert "took longer than" in task.text


def test_a_large_statement_is_read_as_a_task_with_its_progress_and_once(manager, owner, tmp_path, monkeypatch):
    file = tmp_path / "statement.csv"
    file.write_bytes(statement())
    with file.open("rb") as opened:
        answer = manager.post("/bank-lines/", {"statement": opened})
    task = Task.objects.get()
    assert answer.url == f"/tasks/{task.pk}/"
    assert "It waits for its turn." in manager.get(answer.url).content.decode()
    assert not BankLine.objects.exists()
    seen = []

    def advance(task, done, of):
        ending.advance(task, done, of)
        seen.append(manager.get(f"/tasks/{task.pk}/progress/").content.decode())

    monkeypatch.setattr(processes, "advance", advance)
    work()
    assert [text.split("made: ")[1][:4] for text in seen] == ["16 %", "33 %", "50 %", "66 %", "83 %", "99 %"]
    assert BankLine.objects.count() == LINES
    shown = manager.get(answer.url, follow=True)
    assert shown.redirect_chain[-1][0].endswith(f"organisation={owner.pk}&task={task.pk}")
    assert f"New lines: {LINES}." in shown.content.decode()
    task.refresh_from_db()
    assert bytes(task.content) == b""
    # Begun again after a cut-off it stores no line twice.
    Task.objects.update(state="waiting", content=statement())
    work()
    assert BankLine.objects.count() == LINES
    # It was the person's doing, and is told once.
    told = AuditEntry.objects.filter(model="payments.BankLine").values_list("user", "organisation", "rows")
    person = get_user_model().objects.get(username="manager").pk
    assert {each[:2] for each in told} == {(person, owner.pk)}
    assert sum(rows for _user, _owner, rows in told) == LINES


def test_a_small_statement_answers_at_once(manager, tmp_path):
    file = tmp_path / "statement.csv"
    file.write_bytes(statement(5))
    with file.open("rb") as opened:
        assert "New lines: 5." in manager.post("/bank-lines/", {"statement": opened}, follow=True).content.decode()
    assert not Task.objects.exists()


def test_large_books_are_a_task_and_only_who_asked_and_still_may_gets_the_file(manager, owner, person, monkeypatch):
    asked = {"first": "2025-10-01", "last": "2025-10-31", "form": "csv"}
    at_once = manager.get("/books/export/", asked)
    monkeypatch.setattr("prewatt.server.console.books.views.is_large", lambda _owner: True)
    answer = manager.get("/books/export/", asked)
    work()
    task = Task.objects.get()
    assert "The file is ready." in manager.get(answer.url).content.decode()
    made = manager.get(f"/tasks/{task.pk}/file/")
    assert (made.content, made["Content-Type"]) == (at_once.content, at_once["Content-Type"])
    assert made["Content-Disposition"] == at_once["Content-Disposition"]
    pages = [f"/tasks/{task.pk}/{page}" for page in ("", "progress/", "file/")]
    person.memberships.update(role="cashier")
    assert [manager.get(page).status_code for page in pages] == [404] * 3
    person.memberships.update(role="accountant")
    assert [manager.get(page).status_code for page in pages] == [200] * 3
    other = get_user_model().objects.create_superuser("operator")
    manager.force_login(other)
    assert [manager.get(page).status_code for page in pages] == [404] * 3


def test_a_long_statement_as_pdf_is_a_task_and_its_tenants_alone(tenant, client):
    own = Tenancy.objects.get(unit__name="Flat 1")
    answer = tenant.get(f"/tenancies/{own.pk}/statement/", PAPER)
    task = Task.objects.get()
    assert answer.url == f"/tasks/{task.pk}/"
    assert tenant.get(f"/tasks/{task.pk}/file/").status_code == 404
    work()
    file = tenant.get(f"/tasks/{task.pk}/file/")
    assert file.content.startswith(b"%PDF")
    assert file["Content-Disposition"] == f'attachment; filename="statement-{own.pk}-2025-10-01-2025-12-31.pdf"'
    client.force_login(get_user_model().objects.get(username="flat2"))
    assert client.get(f"/tasks/{task.pk}/file/").status_code == 404
    client.force_login(get_user_model().objects.get(username="flat1"))
    own.people.clear()
    assert client.get(f"/tasks/{task.pk}/file/").status_code == 404


def test_a_large_comparison_is_a_task_and_its_page_shows_the_same(manager, lived, monkeypatch):
    property_ = Property.objects.get()
    other = Tariff.objects.exclude(pk=property_.tariff_versions.present().tariff_id).first() or Tariff.objects.first()
    page = f"/properties/{property_.pk}/tariffs/compare/"
    at_once = manager.get(page, {"tariff": other.pk}).content
    assert b"Who pays more, who less" in at_once
    monkeypatch.setattr("prewatt.server.tariffs.what_if_task.MANY", 10)
    answer = manager.get(page, {"tariff": other.pk})
    work()
    shown = manager.get(answer.url, follow=True)
    assert shown.redirect_chain[-1][0] == f"{page}?tariff={other.pk}&task={Task.objects.get().pk}"
    assert main_of(shown.content) == main_of(at_once)


def main_of(page):
    # The footer has a form, whose secret is another one each time.
    return page.split(b"<main")[1].split(b"</main>")[0]


def test_what_ended_more_than_a_day_ago_is_deleted(owner, person):
    old, young, waiting = [ask("books", owner, person, "/") for _number in range(3)]
    Task.objects.filter(pk=old.pk).update(state="done", ended_at=system_now() - left_tasks.KEPT - 1)
    Task.objects.filter(pk=young.pk).update(state="done", ended_at=system_now() - left_tasks.KEPT // 2)
    forget_old()
    assert set(Task.objects.all()) == {young, waiting}
