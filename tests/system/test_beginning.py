"""A landlord who knows no terminal begins in a real browser, in Chinese on a phone: from the address that the server prints to a
payment in cash, prices by day and night, and the statement of who has moved out. `make walk` goes the same way in all languages.
"""

import os

from prewatt.kernel.units import HOUR, NANO
from prewatt.server.accounts.first_start import claim_code
from prewatt.server.estate.models import Tenancy
from prewatt.server.metering.models import Gateway
from prewatt.server.tariffs.models import Tariff
from prewatt.server.vending.models import TopUp
from prewatt.wire.signing import SigningKey
from tests.enrolling import enrol
from tests.walk.stories import beginning
from tests.walk.walker import Walker, Way

# The browser's driver runs a loop in this thread; the database is used beside it, never within it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


def test_from_the_printed_address_to_a_payment_in_cash(pages, clock, browser, tmp_path):
    walker = Walker(browser, pages, "owner", Way("zh-hans", "phone", beside="desk"))

    def enrol_an_hour_later(code):
        clock.at += HOUR
        enrol(code, SigningKey.generate().public())

    place = beginning.Beginning(f"{pages}/begin/codes/{claim_code()}/", tmp_path, enrol_an_hour_later)
    beginning.from_an_empty_server_to_a_statement(walker, place)
    walker.close()
    wrong = {step.name: step.wrong for step in walker.steps if step.wrong}
    assert not wrong and len(walker.steps) > 18
    gateway, paid = Gateway.objects.get(), TopUp.objects.get()
    assert (gateway.public_key is not None, gateway.meters.count()) == (True, 12)
    assert (paid.tenancy.tenant, paid.amount) == (beginning.PAYER, 20 * NANO)
    assert [each.tenant for each in Tenancy.objects.exclude(ends=None)] == [beginning.PAYER]
    one_price, by_the_hour = (each.kernel() for each in Tariff.objects.order_by("pk"))
    assert one_price.rates[0].prices == (320_000,)
    working = by_the_hour.seasons[0].day_types[0].switches
    assert [rate.prices for rate in by_the_hour.rates] == [(360_000,), (220_000,)]
    assert [switch.minute for switch in working] == [0, 360, 1200]
