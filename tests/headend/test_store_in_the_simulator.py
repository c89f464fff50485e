"""The real database beside the simulator's: what happens in the virtual world is stored by both, and both hold the same after each
batch: entries, account, head, credit log. So what the simulator finds with its own database holds for the real one.
"""

from dataclasses import replace

import pytest

from prewatt.headend.meter_rows import OutrunError
from prewatt.headend.store import Store
from prewatt.kernel.entries import decode_command
from prewatt.server.metering.accounts import stored_account
from prewatt.server.metering.models import Gateway, JournalEntry, Meter
from prewatt.server.vending.credit_log import issue
from prewatt.server.vending.models import OPEN, Command
from prewatt.sim.faults import headend, world
from prewatt.sim.faults.database import Database, MemoryStore, Outrun
from prewatt.sim.faults.swarm import draw
from prewatt.wire.topics import SHARDS
from tests.building import set_up

WITHOUT = ("setback", "restore", "replace", "clone", "unsynced", "rot")
"""What only people put right again, on pages that the simulator has no part in."""


class Beside:
    """The real store, that is told all that the simulator's is told."""

    def __init__(self, clock):
        self.clock, self.store, self.batches = clock, Store(range(SHARDS)), 0

    def order(self, name, now, order):
        self.clock.at = now
        issue(Meter.objects.get(name=name), order)

    def commit(self, plan, database):
        self.clock.at = plan.now
        self.store.views({*plan.meters, *plan.statuses})
        self.store.commit(plan)
        self.batches += 1
        for name in plan.meters:
            self.compare(name, database.meters[name])

    def refuse(self, plan):
        """What came too late for the one comes too late for the other."""
        self.store.views({*plan.meters, *plan.statuses})
        with pytest.raises(OutrunError):
            self.store.commit(plan)
        self.store = Store(range(SHARDS))

    def compare(self, name, stored):
        row = Meter.objects.get(name=name)
        bodies = [bytes(each.body) for each in JournalEntry.objects.filter(meter=row).order_by("seq")]
        assert (row.seq, bytes(row.head), bodies) == (stored.seq, stored.head, stored.bodies)
        account = stored.account if not stored.saved else None
        assert stored_account(row).dump() == (account.dump() if account else stored.saved)
        opened = Command.objects.filter(meter=row, state__in=OPEN)
        log = {each.number: decode_command(bytes(each.body)) for each in opened}
        assert log == {number: each.command for number, each in stored.open.items()}
        assert (row.taken, max(row.taken, row.told_command)) == (stored.taken, max(stored.taken, stored.told_command))


@pytest.mark.parametrize("seed", [3, 17])
def test_the_real_database_holds_what_the_simulators_does(db, clock, monkeypatch, seed):
    set_up(clock)
    Command.objects.all().delete()
    Meter.objects.update(commands=0)
    Gateway.objects.update(is_online=True)
    beside = Beside(clock)

    class Twofold(Database):
        def order(self, name, now, order):
            super().order(name, now, order)
            beside.order(name, now, order)

    class Watched(MemoryStore):
        def commit(self, plan):
            try:
                super().commit(plan)
            except Outrun:
                beside.refuse(plan)
                raise
            beside.commit(plan, self._database)

    monkeypatch.setattr(world, "Database", Twofold)
    monkeypatch.setattr(headend, "MemoryStore", Watched)
    drawn = replace(draw(seed, WITHOUT, everything=True), gateways=1, real_disk=False, copying=True)
    world.World(seed, 2, 3, swarm=drawn).run()
    assert beside.batches > 100
