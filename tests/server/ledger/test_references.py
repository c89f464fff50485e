"""What a transfer is of is a value: its text is put together in one place, and taken apart in none."""

import ast
from pathlib import Path

import pytest

import prewatt
from prewatt.kernel.entries import GrantCredit, decode_command, encode_command
from prewatt.kernel.naming import CODE, name_of_code, named
from prewatt.server.ledger import references
from prewatt.server.ledger.references import OWN, Of, Part, Reference, at_meter, kind_at_meter

SOURCE = Path(prewatt.__file__).parent
AT_HOME = {SOURCE / "server" / "ledger" / "references.py", SOURCE / "kernel" / "naming.py"}
FILES = sorted(
    path
    for room in ("server", "headend", "kernel")
    for path in (SOURCE / room).rglob("*.py")
    if path not in AT_HOME and "migrations" not in path.parts
)
CUTTING = {"split", "rsplit", "partition", "rpartition", "removeprefix", "removesuffix", "startswith", "endswith"}
NAMES = {"credit_id", "debit_id"}
AT = 1_759_752_000_000_000


def is_text(node):
    """Whether an expression is words of its own; none (the whole of a thing) is no word."""
    return isinstance(node, ast.JoinedStr | ast.BinOp) or (isinstance(node, ast.Constant) and bool(node.value))


def is_built_id(node):
    begin = node.values[0].value if isinstance(node.values[0], ast.Constant) else ""
    return begin.startswith(OWN) or (begin == CODE and len(node.values) == 2)


def called(node):
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def is_id(node):
    """Whether an expression reads an id, or the part of a reference: `debit_id`, `data["credit_id"]`, `of.part`."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value in NAMES
    if isinstance(node, ast.Attribute):
        return node.attr in {*NAMES, "part"}
    return getattr(node, "id", None) in NAMES


def faults(tree):
    """What builds or cuts a reference, or an id that the books give, as text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            if node.values and is_built_id(node):
                yield node, "an id is built"
        elif isinstance(node, ast.Call):
            if called(node) == "Reference" and any(is_text(each) for each in node.args[2:]):
                yield node, "a part is built"
            if called(node) in ("and_", "with_part_of") and any(is_text(each) for each in node.args):
                yield node, "a part is built"
            if any(each.arg in ("part", "part__in") and is_text(each.value) for each in node.keywords):
                yield node, "a part is asked for as text"
            if called(node) in CUTTING and isinstance(node.func, ast.Attribute) and is_id(node.func.value):
                yield node, "an id is cut"


def test_references_are_built_at_home_alone_and_cut_nowhere():
    assert FILES
    wrong = [
        f"{path.relative_to(SOURCE)}:{node.lineno}: {why}"
        for path in FILES
        for node, why in faults(ast.parse(path.read_text()))
    ]
    assert not wrong


@pytest.mark.parametrize(
    "code",
    [
        'Reference(Of.SHARE, 9, "back")', 'Reference(Of.MOVE, 9, f"in {at:x}")', 'of.and_("undone")', 'of.and_(f"{n}")',
        'rows.filter(part="back")', 'GrantCredit(f"~share {pk}", 1)', 'key = f"code {tid}"', 'row.credit_id.split(" ")',
        'data["credit_id"].startswith("~")', "debit_id.removesuffix(word)", 'word, _, rest = row.part.partition(" ")',
    ],
)  # fmt: skip
def test_this_test_sees_what_it_is_to_see(code):
    assert list(faults(ast.parse(code)))


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        (Reference(Of.TOP_UP, 3), "top-up 3"),
        (Reference(Of.SHARE, 9).and_(Part.BACK), "share 9 back"),
        (Reference(Of.EMERGENCY, 4).numbered(17).and_(Part.RESTORED), "emergency 4 17 restored"),
        (Reference(Of.MOVE, 5).and_(Part.MOVED_IN).since(255), "move 5 in ff"),
        (Reference(Of.DEPOSIT, 5).and_(Part.BACK).with_part_of(Reference(Of.SETTLEMENT, 5)), "deposit 5 back"),
        (
            Reference(Of.DEPOSIT, 5).and_(Part.BACK).with_part_of(Reference(Of.SETTLEMENT, 5).numbered(2)),
            "deposit 5 back 2",
        ),
    ],
)
def test_a_reference_says_what_it_is_of_as_the_books_have_always_said_it(reference, text):
    assert str(reference) == text


@pytest.mark.parametrize("of", Of)
def test_an_id_at_a_meter_tells_what_it_is_of_and_is_one_that_a_meter_takes(of):
    short = Reference(of, 12).and_(Part.BACK).numbered(0)
    long = [Reference(of, 10**9).and_(Part.BACK).numbered(number) for number in (10**11, 2 * 10**11)]
    assert at_meter(short, AT) == f"{OWN}{short} {AT:x}"
    names = [at_meter(each, AT) for each in (short, *long)] + [at_meter(long[0], AT + 1)]
    assert len(set(names)) == 4
    for name in names:
        assert kind_at_meter(name) == of
        order = GrantCredit(name, 1)
        assert decode_command(encode_command(named("m1", 1, AT, order))).order == order


def test_a_credit_of_which_only_the_code_is_known_is_named_by_it():
    assert name_of_code(7) == f"{CODE}7" and not references.is_own(name_of_code(7))
