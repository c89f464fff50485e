"""This module lists the entries of `prewatt --help`, in its order and with its words."""

from __future__ import annotations

from dataclasses import dataclass

BEGIN, MANAGE, ON_SITE, OPERATE = "Begin", "Manage buildings", "In the building", "Operate the server"


@dataclass(frozen=True)
class Entry:
    """A command, or a group of commands.

    `panel` is the heading that it stands under, `help` its line of help. `module` is its file in this folder, if that
    has another name than the entry. `group` says whether it is a group. `models` says whether its file imports the
    server's models, for which Django is set up first. `extra` is what must be installed for it, as in
    `prewatt[server]`; empty if every installation has it.
    """

    name: str
    panel: str
    help: str
    module: str = ""
    group: bool = True
    models: bool = True
    extra: str = "server"

    @property
    def file(self) -> str:
        """Return the name of its module in this folder."""
        return self.module or self.name.replace("-", "_")


ENTRIES = (
    Entry("demo", BEGIN, "Run a demonstration building through a month and an outage.", group=False, models=False),
    Entry("setup", BEGIN, "Set up a building: units, meters, tenants, tariff, logins.", group=False),
    Entry("server", BEGIN, "Run the whole server: broker, head-end, worker, pages.", group=False),
    Entry("building", MANAGE, "The whole building: energy losses."),
    Entry("gateway", MANAGE, "Gateways: enrolment codes."),
    Entry("meter", MANAGE, "Meters: orders to the switch, tokens, exchange."),
    Entry("tenant", MANAGE, "Tenants: moving in, contacts, statement, credit, PIN."),
    Entry("terms", MANAGE, "How tenants pay: before use, or after it by bill."),
    Entry("tariff", MANAGE, "Tariffs: check, schedule, compare, correct."),
    Entry("shared-cost", MANAGE, "Costs that all units share: preview, book, reverse."),
    Entry("emergency-code", MANAGE, "Codes made in advance, for a day without any network."),
    Entry("books", MANAGE, "The books: reconciliation, open bills."),
    Entry("notice", MANAGE, "Notices: what tenants and managers are told."),
    Entry("staff", MANAGE, "Staff and programs: grants for phones, keys for the API."),
    Entry("edge", ON_SITE, "The agent on the gateway: enrol, run, back up, restore.", models=False, extra=""),
    Entry("onsite", ON_SITE, "Work at a gateway over Bluetooth, without the server.", models=False, extra="bluetooth"),
    Entry("backup", OPERATE, "Copy the server's database and keys while it runs.", "copies", group=False, models=False),
    Entry("restore", OPERATE, "Put a copy of the server back.", "copies", group=False, models=False),
    Entry("doctor", OPERATE, "Check this server, and say what is wrong and what to do.", group=False, models=False),
    Entry("web", OPERATE, "Run only the pages.", group=False),
    Entry("headend", OPERATE, "Run only one head-end worker.", group=False),
    Entry("worker", OPERATE, "Run only one worker for scheduled work.", group=False),
    Entry("manage", OPERATE, "Run a command of Django, such as createsuperuser.", group=False, models=False),
    Entry("sim", OPERATE, "Run the fault simulator.", group=False, models=False),
)
