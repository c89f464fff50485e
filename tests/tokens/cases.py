"""Running cases of STS 531-1 as they stand in a file like `vectors/sts_531_1.json`: both ways, from the file's facts alone.

    python -m tests.tokens.cases FILE...     prints what came of every token of every case

A case is decoded with the meter key that its facts describe, and what the token says is compared with the facts; then
the token is made anew from the facts, and must be the same digits. Where the facts do not suffice for that, it is made
anew from what it was decoded to, and the outcome says so.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from prewatt.tokens import (
    Algorithm,
    BaseDate,
    CodeError,
    Dkga,
    Function,
    KeySection,
    KeyType,
    Management,
    MeterKey,
    MeterTest,
    Service,
    UnitCredit,
    carried,
    cipher,
    decode,
    encode,
    sections,
)

METERS = ("600727000000000009", "000001000000000082")
"""The two meters of the specification: a case that computes its meter's number does not state it."""
CREDIT = {"Electricity": Service.ELECTRICITY, "Water": Service.WATER, "Gas": Service.GAS}


class Facts:
    """What a case states. `last(name)` is the nearest statement; `every(name)` are all of them in their order."""

    def __init__(self, case):
        self.name = case["case"]
        self.rows = [*case["setup"], *case["given"]]
        self.given = case["given"]
        self.expect = case["expect"]

    def last(self, name, default=None):
        found = self.every(name)
        return found[-1] if found else default

    def every(self, name):
        return [row[1] for row in self.rows if row[0] == name and len(row) == 2]

    def flags(self):
        return [row[0] for row in self.rows if len(row) == 1]

    def tokens(self):
        """(what the file calls it, 20 digits) of each token that must come out."""
        return [(label, text) for label, text in self.expect if len(text) == 20 and text.isdigit()]

    def key(self, which=0):
        """The meter key (and vending key) of the case: the old one, or with `which` 1 the one it changes to."""
        algorithm = Algorithm.MISTY1 if any("Misty1" in flag for flag in self.flags()) else Algorithm.STA
        vending = bytes.fromhex(self._nth("VendingUniqueDESKey", which))
        base = BaseDate(int(self.last("TokenIdentifier", "base date 1993").split()[-1]))
        return MeterKey(
            self.last("MeterPrimaryAccountNumber"),
            self._nth("SupplyGroupCode", which),
            int(self._nth("TariffIndex", which)),
            int(self._nth("KeyRevisionNumber", which)),
            KeyType(int(self._nth("KeyType", which))),
            int(self._nth("KeyExpiryNumber", which)),
            base,
            Dkga.DES if len(vending) == 8 else Dkga.KDF,
            algorithm,
        ), vending

    def _nth(self, name, which):
        found = self.every(name)
        return found[min(which, len(found) - 1)]

    def tid(self, base):
        """The dates of the file are of the vendor's wall clock: minutes are counted on it."""
        text = self.last("dateTime")
        if text is None:
            return None
        at = datetime.strptime(text + "+0000", "%d/%m/%Y %H:%M:%S%z")
        return int((at - datetime(base.value, 1, 1, tzinfo=UTC)).total_seconds()) // 60

    def number(self, name, default=None):
        text = self.last(name)
        return default if text is None else int(text, 16)


def stated(facts, found, key):
    """The token that the facts describe, of the kind that was found; None if they do not suffice."""
    tid = facts.tid(key.base)
    if isinstance(found, UnitCredit):
        amount = facts.last("Amount")
        services = [service for word, service in CREDIT.items() if any(f"Transfer{word}" in f for f in facts.flags())]
        if amount is None or tid is None:
            return None
        service = found.service if len(services) != 1 else services[0]
        return UnitCredit(
            tid, int((Decimal(amount) * 10).to_integral_value(ROUND_HALF_UP)), service, facts.number("RandomNo", 5)
        )
    if isinstance(found, Management) and tid is not None:
        value = None
        if found.function == Function.SET_POWER_LIMIT:
            value = facts.last("MaximumPowerLimit")
        elif found.function == Function.SET_UNBALANCE_LIMIT:
            value = facts.last("MaximumPhasePowerUnbalanceLimit")
        elif found.function == Function.CLEAR_CREDIT:
            value = facts.number("BitString")
        elif found.function == Function.CLEAR_TAMPER:
            value = 0
        return None if value is None else Management(found.function, tid, int(value), facts.number("RandomNo", 5))
    if isinstance(found, MeterTest) and facts.last("Control"):
        return MeterTest(int(facts.last("Control"), 2), int(facts.last("ManufacturerCode")), found.long)
    return None


def meter_keys(facts, digits):
    """Keys that the token may be enciphered under, the likeliest first."""
    if not facts.every("VendingUniqueDESKey"):
        return [None]
    pans = list(dict.fromkeys([*reversed(facts.every("MeterPrimaryAccountNumber")), *METERS]))
    found = []
    for which in (0, 1, 2):
        key, vending = facts.key(which)
        for pan in pans:
            for revision in dict.fromkeys([key.revision, *map(int, facts.every("KeyRevisionNumber"))]):
                for index in dict.fromkeys([key.tariff_index, *map(int, facts.every("TariffIndex"))]):
                    for base in BaseDate if not facts.every("TokenIdentifier") else [key.base]:
                        each = replace(key, pan=pan, revision=revision, tariff_index=index, base=base)
                        if (each, vending) not in found:
                            found.append((each, vending))
    return found


def run_token(facts, digits):
    """What came of one token: `both ways`, or which facts lack. AssertionError if something is wrong."""
    for candidate in meter_keys(facts, digits):
        key, vending = candidate or (None, None)
        meter = cipher(key.algorithm, key.decoder_key(vending)) if key else cipher(Algorithm.STA, bytes(8))
        try:
            found = decode(digits, meter)
        except CodeError:
            continue
        assert encode(found, meter) == digits
        if isinstance(found, KeySection):
            return _key_change(facts, digits, found, key)
        if key is None:
            key = MeterKey("600727000000000009", "123456", dkga=Dkga.DES, algorithm=Algorithm.STA)
        wanted = stated(facts, found, key)
        if wanted is None:
            return f"as decoded: {found}"
        if isinstance(wanted, UnitCredit) or (isinstance(wanted, Management) and wanted.function in (0, 6)):
            field = "amount" if isinstance(wanted, UnitCredit) else "value"
            compared = replace(wanted, **{field: carried(getattr(wanted, field))})
        else:
            compared = wanted
        if hasattr(found, "tid") and found != compared and found == replace(compared, tid=found.tid):
            return f"as decoded: {found}, {found.tid - compared.tid} minutes after the date that is stated"
        assert found == compared, (found, wanted)
        assert encode(wanted, meter) == digits
        return "both ways"
    raise AssertionError(f"{facts.name}: {digits} is no token of any key that the facts describe")


def _key_change(facts, digits, found, old):
    """The new key is one of those that the facts can describe: its sections under the old key are looked through."""
    meter = cipher(old.algorithm, old.decoder_key(facts.key()[1]))
    for new, vending in meter_keys(facts, digits):
        if new.algorithm != old.algorithm:
            continue
        for expiry in {new.expiry, *map(int, facts.every("KeyExpiryNumber"))}:
            for base in BaseDate:
                for rollover in (False, True):
                    described = replace(new, expiry=expiry, base=base, pan=old.pan)
                    key = described.decoder_key(vending)
                    made = [encode(each, meter) for each in sections(old, described, key, rollover)]
                    if digits in made:
                        return "both ways"
    return f"as decoded: {found}"


def run_file(path):
    """(case, label, digits, what came of it) of every token in a file."""
    for case in json.loads(Path(path).read_text())["cases"]:
        facts = Facts(case)
        for label, digits in facts.tokens():
            try:
                outcome = run_token(facts, digits)
            except AssertionError as error:
                outcome = f"WRONG: {error}"
            yield facts.name, label, digits, outcome


if __name__ == "__main__":
    wrong = 0
    for each in sys.argv[1:]:
        for name, label, digits, outcome in run_file(each):
            wrong += outcome.startswith("WRONG")
            print(f"{name}\t{label}\t{digits}\t{outcome}")
    raise SystemExit(1 if wrong else 0)
