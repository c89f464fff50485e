"""Two months of a building in which all that can be on a statement happens, for the files in `kept/`.

Nothing in it is drawn by chance but keys and ids, and none of these is shown.
"""

from datetime import date, timedelta

from prewatt.kernel.tariff import DayType, Period, Rate, Season, Switch, Tariff, Tax, Tiers
from prewatt.kernel.units import HOUR, NANO
from tests.building import ZONE, set_up
from tests.gateway import Edge, at

FIRST, LAST = date(2025, 10, 1), date(2025, 11, 30)
"""The clocks change in the night to 26 October."""
WORKDAY = DayType("workday", (0, 1, 2, 3, 4), (Switch(0, "night"), Switch(360, "day"), Switch(1320, "night")))
FREE = DayType("weekend", (5, 6, 7), (Switch(0, "night"),))
TIERS, VAT = Tiers(Period.MONTH, (120_000,)), Tax("VAT", 190_000, included=False)


def tariff(name, day, night):
    """One with everything that a bill can have: day and night, two tiers a month, a fee, a standing charge, a minimum, tax."""
    rates = (Rate("day", (day, day + 80_000)), Rate("night", (night, night + 40_000)))
    seasons = (Season("year", 1, 1, (WORKDAY, FREE)),)
    return Tariff(name, "EUR", ZONE, rates, seasons, ("2025-10-03",), TIERS, NANO // 3, 10_007, VAT, 30 * NANO)


class TwoMonths:
    """The building: Anna pays before use, Ben after use, and Flat 3 is vacant until Zoe comes. Its stairs have a meter."""

    def __init__(self, clock, store):
        from django.contrib.auth import get_user_model

        from prewatt.server.commissioning.installing import install
        from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
        from prewatt.server.metering.models import Gateway, Meter

        clock.at = at(2025, 10, 1)
        self.clock, self.store = clock, store
        building = set_up(clock, tariff=tariff("Autumn", 310_000, 240_000))
        install(None, Gateway.objects.get(), "stairs", role=Meter.Role.COMMON)
        self.edge = Edge(building.code, clock)
        Gateway.objects.update(is_online=True)
        self.owner, self.house = Organisation.objects.get(), Property.objects.get()
        self.manager = get_user_model().objects.get(username="manager")
        rows = Tenancy.objects.select_related("unit__property__organisation")
        self.anna, self.ben = (rows.get(tenant=name) for name in ("Anna", "Ben"))
        self.flat = Unit.objects.select_related("property__organisation").get(name="Flat 3")
        self.work = {}
        for meter in self.edge.accounts:
            self.edge.read(meter, 1000)
        self._plan()
        self._live()

    def tenancies(self):
        """The three tenancies, with all that a page reads of them."""
        from prewatt.server.estate.models import Tenancy

        return list(Tenancy.objects.select_related("unit__property__organisation").order_by("pk"))

    def _plan(self):
        """What people do, by day, at noon."""
        from prewatt.server.allocation.models import SharedCost
        from prewatt.server.allocation.runs import reverse, run
        from prewatt.server.metering.models import Meter
        from prewatt.server.sales.corrections import correct
        from prewatt.server.sales.giving_back import give, put_right, refund
        from prewatt.server.sales.top_ups import top_up
        from prewatt.server.statements.terms import TermsRequest, agree
        from prewatt.server.tariffs.versions import keep, schedule
        from prewatt.server.tenancies.moving import move_in, move_out

        anna, ben, manager = self.anna, self.ben, self.manager
        stairs = SharedCost.objects.create(
            property=self.house, name="Stairs", equal=50, consumption=50, vacancy=SharedCost.Vacancy.LANDLORD
        )
        stairs.meters.add(Meter.objects.get(name="stairs"))
        garden = SharedCost.objects.create(property=self.house, name="Garden")
        second = keep(self.owner, tariff("Winter", 350_000, 260_000))
        right = keep(self.owner, tariff("Autumn as agreed", 290_000, 240_000))
        after_use = TermsRequest(True, limit=200 * NANO, due_days=14)

        def zoe_comes():
            self.zoe = move_in(self.flat, "Zoe", self.clock.at + 12 * HOUR, occupants=2, deposit=150 * NANO)

        self.work = {
            (10, 1): [lambda: top_up(anna, 60 * NANO, "a1", by=manager), lambda: agree(ben, after_use, manager)],
            (10, 8): [lambda: give(anna, 5 * NANO, "gift", manager, "the lift was out")],
            (10, 15): [lambda: top_up(anna, 40 * NANO, "a2", by=manager), zoe_comes],
            (10, 16): [lambda: top_up(self.zoe, 35 * NANO, "z1", by=manager, note="receipt 7")],
            (10, 28): [lambda: schedule(self.house, second, at(2025, 11, 1))],
            (11, 3): [
                lambda: run(stairs, date(2025, 10, 1), date(2025, 10, 31)),
                lambda: run(garden, date(2025, 10, 1), date(2025, 10, 31), bill=20 * NANO),
            ],
            (11, 4): [
                lambda: top_up(ben, 25 * NANO, "b1", by=manager),
                lambda: top_up(anna, 80 * NANO, "a3", by=manager),
            ],
            (11, 6): [
                lambda: correct(self.house, right, at(2025, 10, 20), at(2025, 10, 27), "wrong price list", manager)
            ],
            (11, 10): [lambda: refund(anna, 7 * NANO, manager, "asked for it")],
            (11, 12): [lambda: put_right(ben, NANO, "p1", manager, "read wrongly", second=False)],
            (11, 14): [lambda: reverse(run(garden, date(2025, 11, 1), date(2025, 11, 9), bill=3 * NANO), manager)],
            (11, 20): [lambda: move_out(self.zoe, self.clock.at)],
        }

    def _live(self):
        """Read three times a day; what is ordered is obeyed at noon."""
        from prewatt.server.statements.bills import make_bills
        from prewatt.server.tenancies.moving import settle_what_is_due

        day, number = FIRST, 0
        while day <= LAST + timedelta(days=1):
            for hour in (0, 7, 12, 19):
                self.clock.at = at(day.year, day.month, day.day, hour)
                for place, (meter, account) in enumerate(self.edge.accounts.items()):
                    number += 1
                    if account.at < self.clock.at:
                        used = (1201 + number * 37 % 911 + 90 * place) // (4 if meter in ("m3", "stairs") else 1)
                        self.edge.read(meter, account.register + used)
                if hour == 12:
                    for meter in self.edge.accounts:
                        self.edge.obey(meter)
                    self.edge.deliver(self.store)
                    settle_what_is_due()
                    make_bills()
                    for each in self.work.get((day.month, day.day), []):
                        each()
            day += timedelta(days=1)
        for meter in self.edge.accounts:
            self.edge.obey(meter)
        self.edge.deliver(self.store)
