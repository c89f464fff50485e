"""The gateway writes amounts as the server's pages do, though it has no copy of the rules of languages."""

import pytest
from django.utils import translation

from prewatt.edge import quantities
from prewatt.edge.texts import languages, speaking
from prewatt.kernel.currencies import MINOR_DIGITS, NO_CURRENCY
from prewatt.kernel.units import NANO
from prewatt.server.core import local_forms

SERVERS = {"zh": "zh-hans"}
"""Languages that the server names otherwise."""
AMOUNTS = (0, 1, -1, 5 * NANO // 1000, -999 * NANO, 12_500_000_000, 1_234_567_891_000_000, -100_000 * NANO)


@pytest.mark.parametrize("language", languages())
def test_every_amount_and_quantity_is_written_as_on_the_servers_pages(language):
    with speaking(language), translation.override(SERVERS.get(language, language)):
        for currency in (*MINOR_DIGITS, NO_CURRENCY):
            for amount in AMOUNTS:
                assert quantities.format_money(amount, currency) == local_forms.money(amount, currency)
                assert quantities.format_signed(amount, currency) == local_forms.signed_money(amount, currency)
                assert quantities.format_with_code(amount, currency) == local_forms.money_with_code(amount, currency)
        for wh in (0, 7, -1500, 999_949, 1_234_567_890):
            assert quantities.exact_kwh(wh) == local_forms.kwh(wh)
            assert quantities.rough_kwh(wh) == local_forms.tenths_kwh(wh)
        for micro in (0, 182_000, 310_000_000, 1_000_000_000):
            assert quantities.short_price(micro) == local_forms.price(micro)


def test_an_amount_is_written_as_people_of_the_language_do():
    said = []
    for language in ("en", "de", "zh"):
        with speaking(language):
            said += [quantities.format_with_code(1_234_500 * 10**6, each) for each in ("EUR", "CNY")]
    assert [each.replace("\N{NO-BREAK SPACE}", " ") for each in said] == [
        "1,234.50 EUR", "1,234.50 CNY", "1.234,50 €", "1.234,50 CNY", "1,234.50 €", "1,234.50 元",
    ]  # fmt: skip
