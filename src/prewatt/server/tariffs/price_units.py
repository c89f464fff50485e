"""The unit that a column or a cell names for a price, such as EUR/MWh, paise/kWh or fils: of which currency it is, and how
many of its powers of ten it is away from one per kWh.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...amounts import CURRENCY_NAMES, CURRENCY_SIGNS
from ...kernel.currencies import MINOR_DIGITS, minor_digits

_CENTS = (
    "EUR USD CAD AUD NZD ZAR SGD HKD TWD BND KES TZS LKR MUR SCR JMD TTD BBD BSD BZD BMD KYD XCD XCG AWG ANG FJD GYD NAD LRD SLE "
    "SRD SZL SBD ZWG ERN SOS CHF MAD DZD"
)
_CENTAVOS = "BRL MXN PHP ARS COP CLP BOB GTQ HNL NIO DOP CUP MZN CVE"
_PARTS = {
    1: {"角 毛 jiao": "CNY HKD TWD MOP"},
    2: {
        "ct cts cent cents c ¢": _CENTS, "snt sentti senttiä": "EUR", "centime centimes": "CHF EUR MAD DZD HTG",
        "céntimo céntimos centimo centimos": "EUR PEN CRC VES PYG", "centavo centavos": _CENTAVOS,
        "cêntimo cêntimos": "EUR AOA STN", "centesimo centesimi": "EUR", "p pence penny": "GBP GIP FKP SHP",
        "öre": "SEK", "øre": "NOK DKK", "ore": "SEK NOK DKK", "aurar eyrir": "ISK", "分": "CNY HKD TWD MOP", "rp rappen": "CHF",
        "paise paisa": "INR PKR NPR", "poisha": "BDT", "kuruş krş kurus": "TRY", "grosz groszy gr": "PLN",
        "haléř haléřů hal": "CZK", "fillér": "HUF", "ban bani": "RON MDL", "stotinka stotinki st стотинки ст": "BGN", "para пара": "RSD",
        "deni ден": "MKD", "qindarka": "ALL", "feninga": "BAM", "kopeck kopecks kopek kopeks копейка копеек коп": "RUB BYN",
        "kopiyka kopiyky копійка копійок": "UAH", "tiyn tiyin тиын": "KZT KGS UZS", "tetri": "GEL", "luma": "AMD", "qəpik qepik": "AZN",
        "sen": "MYR BND IDR JPY KHR", "銭 錢": "JPY", "전": "KRW", "satang สตางค์": "THB", "agora agorot אגורות": "ILS",
        "halala halalas halalah هللة": "SAR", "dirham dirhams درهم": "QAR", "fils فلس": "AED YER",
        "piastre piastres piaster piasters pt قرش": "EGP JOD LBP SYP",
        "kobo": "NGN", "pesewa pesewas": "GHS", "ngwee": "ZMW", "tambala": "MWK", "thebe": "BWP", "lisente": "LSL", "butut": "GMD",
        "santim santeem": "ETB", "laari": "MVR", "pya": "MMK", "toea": "PGK", "seniti": "TOP",
    },
    3: {
        "fils فلس": "KWD BHD IQD JOD", "baisa baiza بيسة": "OMR", "millime millimes مليم": "TND EGP", "millieme milliemes": "EGP",
        "dirham dirhams درهم": "LYD",
    },
}  # fmt: skip
"""The parts of currencies by their words: the power of ten of the part, and the currencies that are divided so."""
_WHOLE = {
    "euro euros": "EUR", "dollar dollars": " ".join(CURRENCY_SIGNS["$"]), "pound pounds": "GBP EGP", "yuan rmb 人民币": "CNY", "yen": "JPY",
    "rupee rupees": "INR PKR LKR NPR MUR SCR", "rupiah": "IDR", "ringgit": "MYR", "baht บาท": "THB", "won": "KRW", "dong đồng": "VND",
    "peso pesos": "MXN PHP ARS CLP COP CUP DOP UYU", "real reais": "BRL", "franc francs franken": "CHF XOF XAF XPF",
    "krona kronor": "SEK", "krone kroner": "NOK DKK", "króna krónur": "ISK", "zloty złoty złotych": "PLN", "koruna korun": "CZK",
    "forint": "HUF",
    "leu": "RON MDL", "lev leva лева": "BGN", "lira": "TRY", "ruble rubles rouble roubles рубль рублей р": "RUB", "hryvnia гривень": "UAH",
    "tenge": "KZT", "taka": "BDT", "naira": "NGN", "cedi cedis": "GHS", "rand r": "ZAR", "shilling shillings": "KES UGX TZS",
    "birr": "ETB", "shekel shekels nis ש״ח": "ILS", "riyal riyals rial rials": "SAR QAR OMR YER IRR",
    "dinar dinars": "KWD BHD IQD JOD LYD TND DZD RSD MKD", "dirham dirhams dh": "AED MAD", "dt": "TND", "kd": "KWD",
    "jd": "JOD", "le": "EGP",
}  # fmt: skip
"""The currencies that a word in a unit of prices names, beside the short names of `amounts`."""
THOUSANDS = {"VND", "IDR", "HUF", "IRR", "LAK", "KHR", "MMK", "UZS", "PYG", "UGX", "TZS", "GNF", "LBP", "NGN", "COP"}
"""Currencies in which 3.151 for a kWh may be three thousand."""
ENERGIES = {"kwh": 0, "千瓦时": 0, "千瓦時": 0, "度": 0, "mwh": 3, "兆瓦时": 3, "兆瓦時": 3, "wh": -3, "gwh": 6}
"""The units of energy that a price may be for, as powers of ten of a kWh."""
_UNITS = {"квтч": 0, "мвтч": 3, "квтгод": 0, "мвтгод": 3, "unit": 0, "units": 0}
"""Further words of energy behind a stroke, without the point in them; in South Asia a unit is a kWh."""
_NOT_ALONE = {"all", "top", "real", "won", "para", "ban", "hal", "lev", "dong", "ore", "den", "pya", "luma"}
"""Words and codes of money that are other words too if nothing stands beside them: "price (all)" names no lek."""
_SHORT = {"ct", "kr", "p", "rs", "zł", "zl", "kč", "tl", "rm", "ft"}
"""Words of one or two letters that name money also alone; others, such as FR and PT, are countries."""
_PER = re.compile(r"([^\s/,;()\[\]]+?)\s*(?:/|\b(?:per|pro|par|por|je)\b)\s*1?\s*([^\W\d_]+(?:[·⋅*][^\W\d_]+)?)")
_ENERGY = re.compile(rf"(?<![^\W\d_])({'|'.join(ENERGIES)})(?![^\W\d_])")
_SEVERAL = re.compile(rf"(?<![\d.,])(?!1\s*[^\W\d])\d[\d.,]*\s*({'|'.join(ENERGIES)})(?![^\W\d_])")
"""A price for several units of energy, such as EUR/100 kWh, is none that is known."""
_SHOWN = 4
"""The most currencies that a message names."""


@dataclass(frozen=True)
class PriceUnit:
    """What a text names as the unit of a price. `text`: its own words. `currencies`: the codes that it can be of; empty if it
    names none. `part`: the power of ten of the currency's part, 2 for hundredths. `energy`: that of the energy, 0 for kWh and 3
    for MWh; None if it names none. `is_known`: whether all of its words are.
    """

    text: str
    currencies: tuple[str, ...] = ()
    part: int = 0
    energy: int | None = None
    is_known: bool = True

    @property
    def is_told(self) -> bool:
        """Return whether the text names something of a unit."""
        return bool(self.currencies) or self.energy is not None or not self.is_known

    @property
    def is_definite(self) -> bool:
        """Return whether it says more than a currency, so that another such unit can't be meant."""
        return self.energy is not None or bool(self.part)

    @property
    def shift(self) -> int:
        """Return by how many powers of ten a price in this unit is smaller than one in the currency per kWh."""
        return self.part + (self.energy or 0)

    def fits(self, currency: str) -> bool:
        """Return whether prices in this unit can be of a currency; an empty one is any."""
        return not self.currencies or not currency or currency in self.currencies

    def words(self) -> str:
        """Return the currencies that it names, for people; of a part that many have, its own word."""
        return " / ".join(self.currencies) if len(self.currencies) <= _SHOWN else f"“{self.text}”"


def price_unit(text: str, currency: str) -> PriceUnit:
    """Return what a text in small letters names, such as "eur/mwh", "ct/kwh, netto", "paise" or "all". `currency`: the one
    that is taken where a word is the unit of several, as Rp. is in Switzerland and in Indonesia.
    """
    if several := _SEVERAL.search(text):
        return PriceUnit(text, energy=ENERGIES[several[1]], is_known=False)
    per = _PER.search(text)
    if per is None:
        energy, bare = _ENERGY.search(text), _without_dot(text)
        is_other_word = bare in _NOT_ALONE or (re.fullmatch(r"[^\W\d_]{1,2}", bare) and bare not in _SHORT)
        money = None if is_other_word else money_in(bare, currency)
        return PriceUnit(text, *(money or ((), 0)), ENERGIES[energy[1]] if energy else None)
    money = money_in(per[1], currency)
    power = (ENERGIES | _UNITS).get(re.sub("[·⋅*]", "", per[2]))
    if power is None:
        # EUR/kW is a price of power; DE/LU names no unit.
        return PriceUnit(per[0], *(money or ((), 0)), is_known=money is None)
    if money is None:
        return PriceUnit(per[0], energy=power, is_known=False)
    before = re.split(r"[\s-]+", text[: per.start()].strip())[-1]
    if money[1] and (whole := _whole(_without_dot(before))):
        # EUR ct/kWh
        money = (whole, money[1])
    return PriceUnit(per[0], *money, power)


def has_hundredths(currency: str) -> bool:
    """Return whether the prices of a currency may be in hundredths: cents, and the sen of the yen; a dinar of 1000 fils has none."""
    return minor_digits(currency) <= 2


def money_in(word: str, currency: str) -> tuple[tuple[str, ...], int] | None:
    """Return the currencies that a word of money in small letters can be of, and the power of ten of its part; None if it is no
    such word. `currency`: see `price_unit`.
    """
    word = _without_dot(word)
    readings = [(codes, power) for codes, power in [(_whole(word), 0), *_PARTS_BY_WORD.get(word, ())] if codes]
    if not readings:
        return _compound(word)
    every = tuple(code for codes, _power in readings for code in codes)
    return next((each for each in readings if currency in each[0]), (every, readings[0][1]))


def _compound(word: str) -> tuple[tuple[str, ...], int] | None:
    """Return the currencies and the part of a word such as eur-ct, eurocent, us¢ or c€; None if it is none."""
    for place in range(1, len(word)):
        ends = (word[:place].rstrip("-"), word[place:].lstrip("-"))
        for whole, part in (ends, ends[::-1]):
            codes = ("USD",) if whole == "us" else _whole(whole)
            powers = [power for of_part, power in _PARTS_BY_WORD.get(part, ()) if set(codes) & set(of_part)]
            if powers:
                return codes, powers[0]
    return None


def _without_dot(text: str) -> str:
    return text.strip().strip(".")


def _whole(word: str) -> tuple[str, ...]:
    if word.upper() in MINOR_DIGITS:
        return (word.upper(),)
    return CURRENCY_NAMES.get(word) or CURRENCY_SIGNS.get(word) or _NAMED.get(word, ())


_NAMED = {word: tuple(codes.split()) for words, codes in _WHOLE.items() for word in words.split()}
_PARTS_BY_WORD: dict[str, list[tuple[tuple[str, ...], int]]] = {}
for _power, _words in _PARTS.items():
    for _each, _codes in _words.items():
        for _word in _each.split():
            _PARTS_BY_WORD.setdefault(_word, []).append((tuple(_codes.split()), _power))
