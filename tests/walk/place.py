"""The building in which people live, as stories name it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.walk.people import PASSWORD

BANK = (
    "Booking date;Value date;Payer;Reference;Amount;Currency\n"
    "2013-10-01;2013-10-01;Chen;Flat 03 October;25.00;CAD\n"
    "2013-10-01;2013-10-01;Nobody we know;thanks;40.00;CAD\n"
)


@dataclass
class Place:
    """`tenancies`: their numbers by the flat's name, which are those of the units too. `invitation`: the code of somebody who was
    invited. `day`, `month`: of which something is known. `pays`: whoever began to pay last at the provider does so.
    """

    folder: Path
    tenancies: dict[str, int]
    pays: Callable[[], None]
    property: int = 1
    day: str = "2013-10-01"
    month: str = "2013-09"
    password: str = PASSWORD
    invitation: str = field(default="")

    def flat(self, number):
        """Return the number of a flat in addresses."""
        return self.tenancies[f"Flat {number:02}"]

    def bank_statement(self):
        """Return a file as a bank makes it."""
        path = self.folder / "bank.csv"
        path.write_text(BANK)
        return path
