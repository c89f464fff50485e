"""A gateway's journal is put back from a copy, or kept by two gateways: the head-end, the agent and its journal's file."""

import shutil
import sqlite3
from contextlib import closing

import pytest
from django.conf import settings
from msgspec.structs import replace

from prewatt.edge.agent import Agent
from prewatt.edge.effects import Adopt, Commit, Keep, ReadMeters, Refuse, SendStatus, SendUpload
from prewatt.edge.journal import Journal
from prewatt.edge.memory import EPOCH
from prewatt.edge.meter import Meter as EdgeMeter
from prewatt.edge.meter import MeterPolicy, Observed
from prewatt.edge.sync import SyncPolicy
from prewatt.edge.timekeeping import Moment
from prewatt.edge.uploads import read_pieces
from prewatt.headend.forks import comes_again
from prewatt.headend.ingest import plan, sort
from prewatt.kernel.account import Account
from prewatt.kernel.entries import (
    ChangeSettings,
    Control,
    Event,
    GrantCredit,
    Settings,
    decode_command,
    decode_entry,
)
from prewatt.kernel.naming import named
from prewatt.kernel.orders import Close
from prewatt.kernel.units import HOUR, MINUTE, NANO, SECOND
from prewatt.server.core.home_secrets import signing_key
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.metering.models import Alarm, Gateway, Meter
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.models import Command
from prewatt.wire import topics
from prewatt.wire.messages import MeterState, Orders, States
from prewatt.wire.signing import SigningKey, VerifyKey, seal, sign_command
from tests.building import PRICE
from tests.enrolling import enrol

pytestmark = pytest.mark.database
NAMES = ("m1", "m2", "m3")


def server_key():
    return signing_key(settings.CONFIG)


class Process:
    """A gateway's process on a folder, over the real agent and journal; `registers` are those of the building."""

    def __init__(self, world, folder, session):
        self.world, self.folder = world, folder
        self.journal = Journal(folder / "journal.sqlite3")
        meters = []
        for name in NAMES:
            loaded = self.journal.load(name)
            meters.append(EdgeMeter(name, loaded.account, loaded.head, MeterPolicy()))
        self.agent = Agent(
            "g1", self.journal.epoch, meters, VerifyKey(server_key().public()), SyncPolicy(), session=session
        )
        self.done, self.refused = [], []
        self.do(self.agent.start(world.moment(), set()))

    def close(self):
        self.journal.close()

    def do(self, effects):
        waiting = list(effects)
        while waiting:
            effect = waiting.pop(0)
            self.done.append(type(effect))
            match effect:
                case ReadMeters(names):
                    # Switches stand where they belong.
                    closed = {name: self.agent.meters[name].account.closed is not False for name in names}
                    seen = {name: Observed(self.world.registers[name], closed=closed[name]) for name in names}
                    waiting += self.agent.on_observed(self.world.moment(), seen)
                case Commit(records):
                    self.journal.commit(records, {name: meter.account for name, meter in self.agent.meters.items()})
                case Keep(name, what, body):
                    self.journal.keep(name, what, body)
                case Adopt(states):
                    for each in states:
                        self.journal.replace(each.meter, each.seq, each.head, each.account)
                case SendStatus(status):
                    self.world.arrive(self, seal(self.world.key, status))
                case SendUpload(number, pieces):
                    read = read_pieces(self.journal.read, pieces, self.journal.hash_at)
                    upload = self.agent.outbox.upload(number, read, self.journal.holds)
                    self.world.arrive(self, seal(self.world.key, upload))
                case Refuse(reason, _text):
                    self.refused.append(reason)

    def balance(self, name="m1"):
        return self.agent.meters[name].account.balance


class World:
    """The building, its gateway's processes, and the head-end between them and the database."""

    def __init__(self, building, store, clock, folder):
        self.store, self.clock, self.folder = store, clock, folder
        self.key = SigningKey.generate()
        enrol(building.code, self.key.public())
        self.registers = dict.fromkeys(NAMES, 1000)
        self.began, self.processes, self.wire = clock.now(), [], []
        self.states = 0

    def moment(self):
        steady = self.clock.now() - self.began
        return Moment(self.clock.now(), steady / 1e6, steady)

    def start(self, name, session=None):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        made = Process(self, folder, session or name.encode()[:8])
        self.processes.append(made)
        made.do(made.agent.tick(self.moment()))
        return made

    def end(self, process):
        process.close()
        self.processes.remove(process)

    def copy(self, process, to):
        """The folder as it is now; the process is stopped for it, as it should be."""
        name, session = process.folder, process.agent.outbox.session
        self.end(process)
        shutil.copytree(name, self.folder / to)
        return self.start(name.name, session + b"+")

    def arrive(self, process, data):
        self.wire.append((process, data))

    def talk(self):
        """Until nobody has anything more to say."""
        for _round in range(60):
            if not self.wire and not self._orders():
                return
            received, self.wire = [data for _process, data in self.wire], []
            batch = sort([(topics.up("g1"), data) for data in received], self.store.gateways({"g1"}))
            result = plan(self.clock.now(), batch, self.store.views(batch.meters()))
            self.store.commit(result)
            self.states += len(result.states)
            for message in (*result.states, *result.receipts):
                self.down(message)
        raise AssertionError("they talk without end")

    def _orders(self):
        """Send what is open, once for each batch; True if anybody took up anything."""
        before = [len(process.done) for process in self.processes]
        # As `Dispatch` does: what a status shows taken up is not sent again.
        taken = dict(Meter.objects.values_list("name", "told_command"))
        pending = [each for each in self.store.pending() if each.number > taken[each.meter]]
        if pending:
            self.down(Orders("g1", tuple(each.signed for each in pending)))
        return before != [len(process.done) for process in self.processes]

    def down(self, message):
        # All who have the gateway's password hear what is said to it.
        for process in self.processes:
            process.do(process.agent.on_frame(self.moment(), seal(server_key(), message)))

    def connect(self, process):
        process.do(process.agent.on_connected(self.moment()))
        self.store.set_presence({"g1": True}, self.clock.now())
        self.talk()

    def later(self, span=15 * MINUTE, used=100):
        self.clock.at += span
        for name in NAMES:
            self.registers[name] += used
        for process in list(self.processes):
            process.do(process.agent.tick(self.moment()))
        self.talk()


@pytest.fixture
def world(building, store, clock, tmp_path):
    made = World(building, store, clock, tmp_path)
    yield made
    for process in list(made.processes):
        made.end(process)


@pytest.fixture
def gateway(world, tenancy):
    """A gateway that is connected; its flat has paid 20."""
    made = world.start("first")
    top_up(tenancy, 20 * NANO, "first")
    world.connect(made)
    world.later()
    return made


def agree(world, process, tenancy):
    for name in NAMES:
        row, meter = Meter.objects.get(name=name), process.agent.meters[name]
        assert (row.seq, bytes(row.head), row.balance) == (meter.account.seq, meter.head, meter.account.balance), name
        loaded = process.journal.load(name)
        assert (loaded.head, loaded.account.dump()) == (meter.head, meter.account.dump()), "the file says the same"
    assert balance(tenant_account(tenancy)) == process.balance()
    assert not Command.objects.filter(meter__name="m1", state__in=("queued", "sent")).exists()
    assert not Alarm.objects.filter(kind="difference").exists()


def events(process, name="m1"):
    """The codes of the events in the file, latest first, as far back as it goes on without a gap."""
    found, seq = [], process.agent.meters[name].account.seq
    while bodies := process.journal.read(name, seq, seq):
        found += [each.code for each in map(decode_entry, bodies) if isinstance(each, Event)]
        seq -= 1
    return found


def test_a_journal_put_back_goes_on_from_the_server_s_state(world, gateway, tenancy):
    gateway = world.copy(gateway, "old")
    world.connect(gateway)
    top_up(tenancy, 7 * NANO, "second")
    world.later()
    world.later()
    assert gateway.balance() == 27 * NANO - 300 * PRICE
    # Started as often as one likes: its epoch is far beyond that of the copy.
    for start in range(4):
        world.end(gateway)
        gateway = world.start("first", b"again%d" % start)
        world.connect(gateway)
    world.end(gateway)
    top_up(tenancy, 3 * NANO, "third")
    old = world.start("old")
    assert old.agent.outbox.epoch < Gateway.objects.get().epoch
    world.connect(old)
    assert old.agent.outbox.epoch > 4
    assert old.journal.kept(EPOCH) == {"": str(old.agent.outbox.epoch).encode()}
    assert old.balance() == 30 * NANO - 300 * PRICE, "within the conversation that follows the connection"
    world.later()
    agree(world, old, tenancy)
    assert old.balance() == 30 * NANO - 400 * PRICE, "charged by the register"
    assert events(old).count("journal-set-back") == 1
    assert Alarm.objects.get().kind == "journal-set-back"
    # What is kept is the new journal.
    world.end(old)
    again = world.start("old", b"later")
    world.connect(again)
    agree(world, again, tenancy)


def test_a_journal_that_lost_its_tail_and_went_on_alone_is_set_aside(world, gateway, tenancy):
    gateway = world.copy(gateway, "old")
    world.connect(gateway)
    payment = top_up(tenancy, 7 * NANO, "second")
    world.later()
    world.end(gateway)
    old = world.start("old")
    for _time in range(8):
        # Longer than the other one: it is no longer behind, but another journal.
        world.later()
    assert old.agent.meters["m1"].account.seq > Meter.objects.get(name="m1").seq
    world.connect(old)
    assert old.balance() == 27 * NANO - 1000 * PRICE
    world.later()
    agree(world, old, tenancy)
    with pytest.raises(ValueError, match="used already"):
        old.agent.meters["m1"].credit_by_code(world.clock.now(), payment.command.tid, 7 * NANO, "page")


def test_all_effects_of_an_adoption_come_after_it_is_kept(world, gateway, tenancy):
    gateway = world.copy(gateway, "old")
    world.connect(gateway)
    world.later()
    world.end(gateway)
    old = world.start("old")
    old.done.clear()
    world.connect(old)
    after = old.done[old.done.index(Adopt) :]
    assert after[:3] == [Adopt, Commit, SendStatus]
    assert ReadMeters in after


def lived_alone(world, gateway, tenancy):
    """Without the network the flat types a payment's code; then an entry of that time is damaged, before the snapshot."""
    gateway.journal.snapshot_every = 5
    payment = top_up(tenancy, 7 * NANO, "second")
    gateway.agent.on_disconnected()
    world.store.set_presence({"g1": False}, world.clock.now())
    known = Meter.objects.get(name="m1").seq
    for number in range(12):
        world.later()
        if number == 2:
            outcome = gateway.agent.meters["m1"].credit_by_code(
                world.clock.now(), payment.command.tid, 7 * NANO, "page"
            )
            gateway.do(gateway.agent._settle(world.moment(), {"m1": outcome}))
    world.end(gateway)
    path = world.folder / "first" / "journal.sqlite3"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE entry SET body=x'00' WHERE meter='m1' AND seq=?", (known + 2,))
    gateway = world.start("first", b"again")
    assert gateway.balance() == 27 * NANO - 1300 * PRICE, "it starts from its snapshot, and knows all"
    assert gateway.journal.holds("m1", known + 2) and not gateway.journal.read("m1", known + 2, known + 9)
    return gateway, payment


def test_entries_that_are_damaged_before_they_were_sent_are_told_and_the_meter_goes_on(world, gateway, tenancy):
    gateway, payment = lived_alone(world, gateway, tenancy)
    world.connect(gateway)
    for _time in range(2):
        world.later()
    agree(world, gateway, tenancy)
    assert gateway.balance() == 27 * NANO - 1500 * PRICE
    assert events(gateway).count("journal-set-back") == 1
    assert set(Alarm.objects.values_list("kind", flat=True)) == {"journal-damaged", "journal-set-back"}
    assert "meters m1 " in Alarm.objects.get(kind="journal-damaged").text
    with pytest.raises(ValueError, match="used already"):
        gateway.agent.meters["m1"].credit_by_code(world.clock.now(), payment.command.tid, 7 * NANO, "page")


def test_what_the_server_lacks_too_is_not_lost_with_entries_that_are_damaged(world, gateway, tenancy):
    gateway, payment = lived_alone(world, gateway, tenancy)
    # As a server that was put back from a copy has forgotten it.
    Command.objects.filter(pk=payment.command.pk).update(state="applied")
    before = gateway.balance()
    world.connect(gateway)
    for _time in range(2):
        world.later()
    assert gateway.balance() == before - 200 * PRICE, "it goes on with all that it has"
    assert set(Alarm.objects.values_list("kind", flat=True)) == {"journal-gap"}


def test_a_gateway_goes_on_from_here_only_if_all_that_it_has_had_comes_again():
    here = Account()
    for order in (GrantCredit("a", 5 * NANO, tid=1, coded=5 * NANO), ChangeSettings(Settings())):
        here.apply(here.follow(1, named("m", here.command + 1, 1, order)))
    there = Account.load(here.dump())
    assert comes_again(there, here, {})
    there.apply(there.by_code(2, 2, 7 * NANO, "page"))
    paid = named("m", 3, 1, GrantCredit("b", 7 * NANO, tid=2, coded=7 * NANO))
    assert comes_again(there, here, {3: paid}) and not comes_again(there, here, {}), "what a code brought"
    there.apply(there.follow(3, paid))
    assert comes_again(there, here, {3: paid}) and not comes_again(there, here, {}), "what a command brought"
    again = named("m", 3, 1, ChangeSettings(Settings()))
    assert not comes_again(there, here, {3: again}), "what it brought under a number that another one has here"
    there.apply(there.follow(4, named("m", 4, 4, Control(Close(), "manager"))))
    assert not comes_again(there, here, {3: paid}), "an order that nobody knows here"


def test_two_gateways_with_one_key_are_told_and_payments_are_there_once(world, gateway, tenancy):
    gateway = world.copy(gateway, "clone")
    world.connect(gateway)
    clone = world.start("clone")
    world.connect(clone)
    paid = 20 * NANO
    for number in range(6):
        world.later(HOUR)
        top_up(tenancy, NANO, f"more {number}")
        paid += NANO
        world.talk()
        world.connect(gateway if number % 2 else clone)
    assert Alarm.objects.filter(kind="two-gateways", gateway__name="g1", is_resolved=False).count() == 1
    world.end(clone)
    for _time in range(2):
        world.later(HOUR)
        world.connect(gateway)
    agree(world, gateway, tenancy)
    assert gateway.balance() == paid - (world.registers["m1"] - 1000) * PRICE


def test_who_paid_while_a_clone_ran_has_it_within_a_minute_of_its_end(world, gateway, tenancy):
    gateway = world.copy(gateway, "clone")
    world.connect(gateway)
    world.later(HOUR)
    gateway.agent.on_disconnected()
    world.processes.remove(gateway)
    # The clone is given states just now, and alone hears of the payment.
    clone = world.start("clone")
    world.connect(clone)
    top_up(tenancy, 9 * NANO, "taken by the clone")
    world.talk()
    world.end(clone)
    world.processes.append(gateway)
    world.later(2 * SECOND, used=1)
    top_up(tenancy, NANO, "the next one")
    began = world.clock.at
    world.connect(gateway)
    assert gateway.balance() < 20 * NANO, "the story is that it has to wait for states"
    while gateway.balance() < 29 * NANO:
        world.later(SECOND, used=0)
        assert world.clock.at - began < MINUTE
    world.later(MINUTE)
    agree(world, gateway, tenancy)


def test_no_more_than_one_adoption_in_half_a_minute_is_sent(world, gateway, tenancy):
    gateway = world.copy(gateway, "clone")
    world.connect(gateway)
    clone = world.start("clone")
    before, began = world.states, world.clock.at
    for _time in range(40):
        world.later(2_000_000, used=1)
        world.connect(gateway)
        world.connect(clone)
    times = (world.clock.at - began) // (MINUTE // 2)
    assert 1 <= world.states - before <= times + 1


def test_a_restart_is_no_second_gateway(world, gateway, tenancy):
    for number in range(8):
        world.end(gateway)
        gateway = world.start("first", bytes([number] * 8))
        world.connect(gateway)
        world.later()
    assert not Alarm.objects.exists()
    agree(world, gateway, tenancy)


def test_states_are_believed_as_the_answer_to_what_was_asked_alone(world, gateway, tenancy):
    account, head = gateway.agent.meters["m1"].account, gateway.agent.meters["m1"].head
    state = MeterState("m1", account.seq, head, account.dump())
    session, epoch, number = gateway.agent.outbox.session, gateway.agent.outbox.epoch, gateway.agent.outbox.number
    good = States("g1", epoch, number, session, (state,))
    gateway.refused.clear()
    for changed in (
        States("g1", epoch, number, b"another", (state,)),
        States("g1", epoch - 1, number, session, (state,)),
        States("g1", epoch, number + 1, session, (state,)),
        States("g1", epoch, number, session, (MeterState("m9", 1, head, account.dump()),)),
        States("g1", epoch, number, session, (state, state)),
        States("g1", epoch, number, session, (MeterState("m1", 1, head, b"noise"),)),
    ):
        gateway.do(gateway.agent.on_frame(world.moment(), seal(server_key(), changed)))
    gateway.do(gateway.agent.on_frame(world.moment(), seal(SigningKey.generate(), good)))
    assert gateway.refused == ["replayed"] * 3 + ["foreign"] * 2 + ["newer", "signature"]
    assert Adopt not in gateway.done
    gateway.do(gateway.agent.on_frame(world.moment(), seal(server_key(), good)))
    gateway.do(gateway.agent.on_frame(world.moment(), seal(server_key(), good)))
    assert (gateway.done.count(Adopt), gateway.refused[-1]) == (1, "replayed"), "once"


def test_money_under_a_number_that_is_used_is_answered_with_how_far_the_meter_is(world, gateway, tenancy):
    made = top_up(tenancy, 3 * NANO, "known")
    world.talk()
    known = decode_command(bytes(Command.objects.get(pk=made.command_id).body))
    gateway.done.clear()
    world.down(Orders("g1", (_signed(known),)))
    assert gateway.done == [], "it is the one that is here"
    world.down(Orders("g1", (_signed(_other(known)),)))
    assert gateway.done == [SendStatus]


def _other(command):
    return named(command.meter, command.number, command.issued, replace(command.order, credit_id="other"))


def _signed(command):
    return sign_command(server_key(), command)
