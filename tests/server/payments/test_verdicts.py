"""What the reconciliation says, case by case: of what the three sides know, and of how it stands with file and command."""

import ast
from pathlib import Path

import pytest

from prewatt.server.payments import movement_sides, verdicts
from prewatt.server.payments.findings import ACT, MATCHED, MESSAGES, WAITS
from prewatt.server.payments.movement_sides import Carriage, File, Sides, Standing
from prewatt.server.payments.verdicts import Verdict, debit_verdict, verdict

DUE, LESS = 20, 15
FETCHED, AWAITED, LATE = File
NONE, WAITING, DONE, REFUSED = Carriage


def at(carriage=DONE, file=FETCHED, held=False):
    return Standing(file, held, carriage, DUE)


@pytest.mark.parametrize(
    ("provider", "ledger", "meter", "standing", "says"),
    [
        # All sides agree, or there is no meter in it.
        (DUE, DUE, DUE, at(), "matched"),
        (DUE, DUE, None, at(NONE), "matched"),
        (-DUE, -DUE, None, at(NONE), "matched"),
        # The provider's side is not there: its file says why.
        (None, DUE, DUE, at(), "not at the provider"),
        (None, DUE, DUE, at(file=AWAITED), "no file"),
        (None, DUE, DUE, at(file=LATE), "no file, late"),
        (DUE, DUE, DUE, at(file=AWAITED), "matched"),
        # The ledger's side comes before all else.
        (DUE, None, DUE, at(), "not in the ledger"),
        (None, None, None, at(NONE, AWAITED, held=True), "not in the ledger"),
        (LESS, DUE, DUE, at(), "amount differs"),
        (LESS, DUE, None, at(REFUSED, held=True), "amount differs"),
        # Held money is not looked for at the meter, nor in a file that is to come.
        (DUE, DUE, None, at(NONE, held=True), "held"),
        (None, DUE, None, at(NONE, AWAITED, held=True), "held"),
        # The meter's side, whether or not the file is there.
        (DUE, DUE, None, at(WAITING), "not at the meter"),
        (None, DUE, None, at(WAITING, AWAITED), "not at the meter"),
        # Money that the provider does not have is a person's work, whatever the meter waits for.
        (None, DUE, None, at(WAITING), "not at the provider"),
        (None, DUE, None, at(WAITING, LATE), "no file, late"),
        (None, DUE, None, at(REFUSED), "refused by the meter"),
        (DUE, DUE, None, at(DONE), "not at the meter"),
        (DUE, DUE, LESS, at(WAITING), "not at the meter"),
        (DUE, DUE, DUE, at(WAITING), "matched"),
        (DUE, DUE, None, at(REFUSED), "refused by the meter"),
        (DUE, DUE, LESS, at(REFUSED), "meter differs"),
        (DUE, DUE, LESS, at(DONE), "meter differs"),
        (DUE, DUE, DUE + 1, at(WAITING), "meter differs"),
        (DUE, DUE, 0, at(DONE), "meter differs"),
    ],
)
def test_what_is_said_of_a_payment(provider, ledger, meter, standing, says):
    assert verdict(Sides("EUR", provider, ledger, meter), standing) == says


@pytest.mark.parametrize(
    ("carriage", "says"),
    [(NONE, "matched"), (DONE, "matched"), (WAITING, "not at the meter"), (REFUSED, "refused by the meter")],
)
def test_what_is_said_of_a_debit(carriage, says):
    assert debit_verdict(carriage) == says


def test_each_verdict_has_words_and_what_waits_for_a_person_says_what_to_do():
    assert set(MESSAGES) == set(Verdict)
    for grade, said, what_to_do in MESSAGES.values():
        assert grade in (MATCHED, WAITS, ACT) and said and (what_to_do or grade == MATCHED)


def test_the_verdicts_know_nothing_of_the_world():
    trees = [ast.parse(Path(module.__file__).read_text()) for module in (verdicts, movement_sides)]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert modules == {"__future__", "dataclasses", "enum", "movement_sides"}
    assert not [node for node in nodes if isinstance(node, ast.Import)]
