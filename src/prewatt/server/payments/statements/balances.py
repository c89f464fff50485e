"""The words by which tables name their rows of balances and totals, which are no payments."""

from __future__ import annotations

import re

from ....tables.words import TOTALS, any_of, unaccented

_DAY = r"(?:[^a-z]*|\s(?:per|op|an?|al|del?|do|da|au|du|le|em|il|en|na|z|w|pa|pr|den|dnia)\b.*\d.*)"
"""What may follow the words: nothing but signs, or a day."""
_BALANCES = (
    # English
    r"(opening|closing|beginning|ending|start(ing)?|end|previous|current|available|new|old|ledger)\s+bal(ance\b.*|\W*)",
    r"balance\s+(brought|carried)\s+(forward|down).*|(brought|carried) forward|balance|(sub-?|grand )?total|sum",
    rf"(bal(ance)?\W*)?\b[bc]\s?/\s?[fd]\b{_DAY}|totals? (debits?|credits?|deposits?|withdrawals?|in|out)",
    # German
    r"(anfangs|end|schluss|abschluss|alter|neuer|letzter|aktueller)?\s?-?(saldo|kontostand)([^a-z]*|\s(per|vom|am|zum|in)\b.*)",
    r"summe|gesamt(summe|betrag)?|zwischensumme",
    # French, Spanish, Portuguese and Italian
    rf"((ancien|nouveau)\s)?solde(\s(initial|final|precedent|anterieur|actuel|crediteur|debiteur|d.ouverture|de cloture))?{_DAY}",
    rf"saldo(\s(inicial|iniziale|anterior|finale?|precedente|actual|at(tu)?ale?|disponible|disponibile|contabile|total))?{_DAY}",
    # Dutch, Swedish, Danish and Norwegian
    r"(begin|eind|start|slut|primo|ultimo|(oud|nieuw|vorig|huidig|inn?gaende|utgaende|indgaende|udgaende)\s)\s?(saldo|balans)"
    + _DAY,
    # Polish, Czech and Turkish
    rf"((stan|saldo|bilans)\s(poczatkow[ye]|koncow[ye])|((pocatecni|konecny)\s)?zustatek|(devreden\s)?bakiye|devir){_DAY}",
    r"totaa?l(e|i|t|en)?|totaux|subtota(al|le)|somme|suma|razem|celkem|toplam|i alt",
    # Chinese
    r"(期初|期末|上期|本期|上日|承前|承上)?(余额|结余)|.{0,6}合计|总计|小计|承前页|过次页",
)
_ABROAD = (
    "algsaldo|lõppsaldo|alkusaldo|loppusaldo|sākuma atlikums|beigu atlikums|pradinis likutis|galutinis likutis|likutis pradžiai"
    "|likutis pabaigai|likutis|nyitó egyenleg|záró egyenleg|egyenleg|sold|sold initial|sold final|sold anterior|sold precedent"
    "|početno stanje|završno stanje|prethodno stanje|novo stanje|stanje|υπόλοιπο|προηγούμενο υπόλοιπο|νέο υπόλοιπο"
    "|αρχικό υπόλοιπο|τελικό υπόλοιπο|υπόλοιπο εκ μεταφοράς|açılış bakiyesi|kapanış bakiyesi|önceki bakiye|devreden bakiye"
    "|входящий остаток|исходящий остаток|начальный остаток|конечный остаток|остаток|остаток на начало|остаток на конец"
    "|входящее сальдо|исходящее сальдо|сальдо|вхідний залишок|вихідний залишок|залишок|начално салдо|крайно салдо|салдо"
    "|יתרת פתיחה|יתרת סגירה|יתרה קודמת|יתרה|الرصيد الافتتاحي|الرصيد الختامي|الرصيد السابق|رصيد افتتاحي|رصيد ختامي|الرصيد"
    "|ยอดยกมา|ยอดยกไป|ยอดคงเหลือ|繰越|繰越残高|前月繰越|前期繰越|残高|差引残高|이월|전월이월|이월잔액|잔액|số dư đầu kỳ"
    "|số dư cuối kỳ|số dư|saldo awal|saldo akhir|saldo do dia|saldo total disponível dia|saldo total disponível|期初餘額"
    "|期末餘額|上期結餘|本期結餘|餘額|結餘|承前頁|承轉|kezdő egyenleg"
)
_BALANCE = re.compile(rf"({'|'.join(_BALANCES)})\W*|(?:{any_of(_ABROAD)}|{TOTALS})[\W\d_]*", re.IGNORECASE)


def is_balance(text: str) -> bool:
    """Return whether a text names a balance or a total, and has no other words that a payer may have written."""
    return _BALANCE.fullmatch(unaccented(text)) is not None
