"""What earlier versions wrote is read by this one; and who changes what is written must change its number."""

import hashlib
import json
from pathlib import Path

import msgspec
import pytest

from prewatt.edge.revocations import RevokedGrants
from prewatt.headend.batch import MeterPlan
from prewatt.headend.ingest import take_entry
from prewatt.kernel import entries, snapshot
from prewatt.kernel.account import Account
from prewatt.kernel.low import steps_of
from prewatt.kernel.snapshot import SnapshotError
from prewatt.wire import messages, on_site
from prewatt.wire.signing import VerifyKey, command_is_signed, open_downward, open_upward
from tests.formats.write import GATEWAY, SERVER

HERE = Path(__file__).parent
FILES = sorted((HERE / "files").glob("format-*.json"))


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def written(request):
    return json.loads(request.param.read_text())


def figures(account):
    return {name: getattr(account, name) for name in ("balance", "charged", "register", "seq", "command")}


def test_an_account_is_read(written):
    account = Account.load(bytes.fromhex(written["account"]))
    assert figures(account) == {name: written[name] for name in figures(account)}
    # And goes on.
    account.apply(account.read(account.at + 900 * 10**6, (account.register or 0) + 100))
    assert Account.load(account.dump()).dump() == account.dump()


def test_a_journal_replays_to_the_same(written):
    account = Account()
    for body in written["bodies"]:
        account.apply(entries.decode_entry(bytes.fromhex(body)))
    assert figures(account) == {name: written[name] for name in figures(account)}


def test_the_head_end_takes_a_journal_for_its_commands(written):
    """Of before commands had names, too."""
    commands = [entries.decode_command(bytes.fromhex(body)) for body in written["commands"]]
    plan = MeterPlan(Account(), entries.genesis("m1"), 0, {command.number: command for command in commands})
    for body in map(bytes.fromhex, written["bodies"]):
        take_entry(plan, entries.decode_entry(body), body, late=False)
    known = {applied.number for applied in plan.applied}
    assert known == {command.number for command in commands}
    assert not [command for command in plan.unlogged if command.number is not None]


def test_messages_are_read_and_their_signatures_hold(written):
    server, gateway = VerifyKey(SERVER.public()), VerifyKey(GATEWAY.public())
    frames = {name: bytes.fromhex(frame) for name, frame in written["frames"].items()}
    status, upload = (open_upward(gateway, frames[name]) for name in ("status", "upload"))
    receipt, orders = (open_downward(server, frames[name]) for name in ("receipt", "orders"))
    assert status.meters[0].balance == written["balance"]
    assert [body.hex() for body in upload.spans[0].bodies] == written["bodies"]
    assert (receipt.heads[0].seq, receipt.answers) == (7, 4)
    if "states" in frames:
        (state,) = open_downward(server, frames["states"]).states
        assert Account.load(state.account).balance == written["balance"]
    assert all(command_is_signed(server, command) for command in orders.commands)
    assert [command.body.hex() for command in orders.commands] == written["commands"]


def test_an_account_of_a_newer_version_is_refused_with_the_way_out():
    newer = msgspec.msgpack.encode([snapshot.FORMAT + 1, {"all": "other"}])
    with pytest.raises(SnapshotError, match="update the software"):
        Account.load(newer)


def bare(schema):
    """A schema without the words for people."""
    if isinstance(schema, dict):
        return {name: bare(each) for name, each in schema.items() if name != "description"}
    return [bare(each) for each in schema] if isinstance(schema, list | tuple) else schema


def shape(*types):
    return hashlib.sha256(repr(bare(msgspec.json.schema_components(types))).encode()).hexdigest()[:16]


def test_the_account_keeps_its_shape_or_changes_its_number():
    """If this fails: let snapshot.FORMAT be one more, keep what `tests.formats.write` wrote before as files/format-N.json,
    and pin the new shape.
    """
    assert (snapshot.FORMAT, shape(snapshot.Saved)) == (6, "e434a6cca4202a2e")


def test_entries_and_commands_keep_their_shape():
    """If this fails: a field that is added has a default, a kind is new, nothing goes away; then pin the new shape."""
    assert shape(entries.AnyEntry, entries.Command) == "3d4123bf83c97925"


def test_messages_keep_their_shape_or_change_the_wires_number():
    """If this fails: a field that is added has a default, so that an older reader ignores it; else messages.VERSION is one
    more. Then pin the new shape.
    """
    kinds = (messages.Status, messages.Upload, messages.Receipt, messages.Orders, messages.States, messages.Frame)
    kinds += (messages.Revoked,)
    assert (messages.VERSION, shape(*kinds)) == (1, "f7d16a9ba42da284")


def test_lists_of_revoked_grants_are_read_as_they_were_sent_and_kept():
    written = {
        name: bytes.fromhex(each) for name, each in json.loads((HERE / "files/on-site-1.json").read_text()).items()
    }
    server, gateway = VerifyKey(SERVER.public()), VerifyKey(GATEWAY.public())
    frame = open_downward(server, written["frame"])
    signed = on_site.SignedRevocations(frame.body, frame.signature)
    assert on_site.open_revocations(server, signed, 3).grants == ("17", "18")
    kept = RevokedGrants(server, 3, written["kept"])
    assert kept.number == 7 and "18" in kept
    assert open_upward(gateway, written["status"]).revocations == 7
    grant = msgspec.msgpack.decode(written["grant"], type=on_site.SignedGrant)
    assert on_site.open_grant(server, grant, 3, 0).actions == ("close",)


def test_what_is_said_on_site_keeps_its_shape():
    """If this fails: a field that is added has a default, so that phones and gateways of before pass it over; then pin the new
    shape.
    """
    kinds = (on_site.Upward, on_site.Downward, on_site.Grant, on_site.Revocations, on_site.SiteStatus)
    assert shape(*kinds) == "a02f5a1adb516556"


def test_a_register_returns_to_the_one_base_of_before():
    written = json.loads((FILES[0].parent / "format-4-former.json").read_text())
    account = Account.load(bytes.fromhex(written["account"]))
    entry = account.read(account.at + 900 * 10**6, 1_000)
    assert (account.register, entry.cause) == (90_000_200, "returned")
    again = Account()
    for body in written["bodies"]:
        again.apply(entries.decode_entry(bytes.fromhex(body)))
    assert again.formers == account.formers


def test_of_before_it_is_known_whether_the_low_credit_was_told():
    """The update makes nobody's phone ring again."""
    written = json.loads((FILES[0].parent / "format-3-low.json").read_text())
    account = Account.load(bytes.fromhex(written["account"]))
    assert account.warned == steps_of(account.settings)[:1] and not account.to_warn(account.at, account.balance)
    again = Account()
    for body in written["bodies"]:
        again.apply(entries.decode_entry(bytes.fromhex(body)))
    assert again.warned == account.warned
