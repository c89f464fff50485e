"""The names that banks and wallets give their columns, in English, German, Chinese and a few other languages."""

from __future__ import annotations

import re
import unicodedata

from ....amounts import CURRENCY_SIGNS
from ....tables.words import unaccented
from . import names_abroad as abroad

DAY, VALUE_DAY, AMOUNT, IN, OUT, DIRECTION = "day", "value_day", "amount", "in", "out", "direction"
CURRENCY, PAYER, ACCOUNT, TEXT, BANK_ID, STATE, BALANCE = (
    "currency",
    "payer",
    "account",
    "text",
    "bank_id",
    "state",
    "balance",
)

_NAMES: dict[str, tuple[str, ...]] = {
    DAY: (
        "booking date", "posting date", "posted date", "buchungstag", "buchungsdatum", "buchung", "buchungstermin",
        "记账日期", "入账日期", "入账时间", "记账日", "completed date", "completion time", "finished on", "date posted",
        "transaction date", "trans date", "tran date", "txn date", "date", "day", "datum", "交易日期", "交易日", "日期",
        "发生时间", "付款时间", "交易时间", "交易创建时间", "时间", "boekdatum", "bokforingsdag", "bokfdag",
        "bokforingsdatum", "bogfort", "bokfort dato",
        "date operation", "date de comptabilisation", "date comptable", "fecha", "fecha operacion", "data",
        "data contabile", "transaction time", "datetime", "date/time", "time", "value date", "valutadatum", "valuta",
        "wertstellung", "wert", "dato",
    ),
    VALUE_DAY: (
        "value date", "valutadatum", "valuta", "wertstellung", "wertstellungsdatum", "wert", "wertstellung (valuta)",
        "rentedatum", "valutadag", "起息日", "date valeur", "date de valeur", "fecha valor", "data valuta",
    ),
    AMOUNT: (
        "amount", "transaction amount", "betrag", "umsatz", "buchungsbetrag", "金额", "交易金额", "发生额", "记账金额",
        "value", "bedrag", "transactiebedrag", "belopp", "belob", "montant", "importe", "importo", "gross", "brutto", "net amount", "net",
        "target amount (after fees)", "umsatzbetrag", "amt", "金額", "收支金额", "summa", "kwota", "valor", "transaction value",
    ),
    IN: (
        "money in", "paid in", "credit", "credit amount", "credits", "deposit", "deposits", "deposit amount",
        "deposit amt", "amount credited", "amount in", "received", "receipts", "haben", "gutschrift", "einnahmen",
        "eingang", "einzahlung", "zugang", "cr", "收入", "收入金额", "贷方", "贷方金额", "贷方发生额", "贷方发生额(收入)", "存入",
        "存入金额", "转入金额", "记账金额(收入)", "交易金额(收入)", "贷方发生额/元(收入)", "贷方发生额/元", "credito", "abono",
        "entrada", "entrate", "avere", "bij", "inn", "incoming", "in",
    ),
    OUT: (
        "money out", "paid out", "debit", "debit amount", "debits", "withdrawal", "withdrawals", "withdrawn",
        "withdrawal amount", "withdrawal amt", "amount debited", "amount out", "payments", "soll", "belastung",
        "lastschrift", "ausgaben", "ausgang", "auszahlung", "abgang", "dr", "支出", "支出金额", "借方", "借方金额", "借方发生额",
        "借方发生额(支取)", "支取", "支取金额", "转出金额", "记账金额(支出)", "交易金额(支出)", "借方发生额/元(支取)",
        "借方发生额/元", "debito", "cargo", "salida", "uscite", "dare", "af", "ut", "outgoing", "out",
    ),
    CURRENCY: (
        "currency", "wahrung", "waehrung", "transaction currency", "currency code", "ccy", "币种", "货币", "交易币种", "记账币种",
        "munt", "valuta", "devise", "divisa", "target currency", "kontowaehrung", "账户币种", "币别",
    ),
    PAYER: (
        "payer", "payer name", "payor", "from name", "from", "sender", "sender name", "counterparty", "counter party",
        "counterparty name", "partner name", "partner", "name zahlungsbeteiligter", "zahlungsbeteiligter",
        "zahlungspflichtige*r", "zahlungspflichtiger", "beguenstigter/zahlungspflichtiger",
        "auftraggeber/beguenstigter", "beguenstigter/auftraggeber", "empfaenger/zahlungspflichtiger",
        "auftraggeber/empfaenger", "sender/empfaenger", "empfaenger/auftraggeber", "auftraggeber", "empfaenger 1",
        "name des auftraggebers", "beguenstigter", "source name", "对方户名", "付款人", "付款人名称", "付款方", "付款方名称",
        "付款方户名", "对方账户名", "对方账户名称", "对方名称", "对方单位名称", "对方单位", "对手信息", "交易对方", "对方姓名",
        "对方", "naam tegenpartij", "naam/omschrijving", "avsandare", "contrepartie", "ordenante", "payee", "merchant",
        "name", "other party", "other party name", "third party", "remitter", "remitter name", "ordering party",
        "naam", "对方账号名称", "对方账户户名",
    ),
    ACCOUNT: (
        "payer iban", "partner iban", "counterparty iban", "counterparty account", "iban zahlungsbeteiligter",
        "kontonummer/iban", "iban/konto-nr", "iban/kontonummer", "payer account", "sender account", "account number from",
        "对方账号", "付款人账号", "付款方账号", "付款账号", "对方账户", "对方卡号/账号", "对方卡号", "tegenrekening",
        "tegenrekening iban/bban", "other party account", "other party account number", "iban", "kontonummer",
    ),
    TEXT: (
        "text", "reference", "description", "purpose", "memo", "details", "narrative", "narration", "particulars",
        "payment reference", "payment details", "transaction description", "transaction details", "remarks", "remark", "notes",
        "notes and #tags", "verwendungszweck", "vorgang/verwendungszweck", "verwendungszweck/kundenreferenz",
        "buchungsdetails", "zahlungsreferenz", "buchungsinformationen", "kundenreferenz", "kundenreferenz (end-to-end)",
        "referenz", "referens",
        "end-to-end-referenz", "customer reference", "buchungstext", "vorgang", "umsatzart", "bemerkung", "mitteilung",
        "摘要", "附言", "用途", "备注", "交易摘要", "交易附言", "交易备注", "商品", "商品说明", "商品名称", "摘要/用途", "交易用途",
        "转账附言", "客户附言", "留言", "交易说明", "omschrijving", "omschrijving-1", "omschrijving-2", "omschrijving-3",
        "mededelingen", "betalingskenmerk", "libelle", "concepto", "causale", "subcategory", "type", "transaction type", "付款备注",
        "交易类型", "业务类型", "other party reference", "message", "note", "subject", "betreff",
    ),
    BANK_ID: (
        "bank reference", "transaction id", "transaction reference", "transaction number", "receipt no", "receipt",
        "txn id", "fitid", "transferwise id", "id", "交易单号", "交易订单号", "交易号", "流水号", "交易流水号", "账务流水号",
        "交易流水", "凭证号", "核心流水号", "全局流水号", "电子回单号", "回单编号", "bank transaction id", "umsatz-id", "umsatz id",
        "referenz", "volgnr", "reference number",
    ),
    STATE: (
        "status", "state", "transaction status", "info", "buchungsstatus", "umsatzstatus", "当前状态", "交易状态", "状态",
        "交易结果", "booking status", "payment status", "payment state", "result", "estado", "statut", "etat", "stato",
        "situação", "situacao", "stav", "durum", "tila", "支付状态", "付款状态", "记账状态",
    ),
    BALANCE: (
        "balance", "running balance", "running bal", "account balance", "closing balance", "saldo", "kontostand",
        "saldo nach buchung", "余额", "账户余额", "联机余额", "本次余额", "当前余额", "solde", "saldo na trn", "balance after",
        "available balance",
    ),
}  # fmt: skip
"""The names of each role, the best first."""
_IN_OF_PAIR = frozenset((
    "kredit", "credits", "gutschriften", "eingaenge", "einzahlungen", "entree", "entrees", "encaissements", "recettes", "haber",
    "abonos", "ingreso", "ingresos", "depositos", "entradas", "creditos", "accrediti", "accredito", "crediti", "entrata",
    "inkomsten", "bijschrijving", "bijschrijvingen", "insaettning", "insaettningar", "indbetaling", "indbetalinger", "innskudd",
    "indtaegt", "indtægt", "indtægter", "uznania", "uznanie", "wpłata", "wpłaty", "wpływy", "ma", "prijem", "prijmy", "alacak", "cash in",
))  # fmt: skip
_OUT_OF_PAIR = frozenset((
    "debet", "debits", "belastungen", "lastschriften", "ausgaenge", "auszahlungen", "sortie", "sorties", "depenses",
    "decaissements", "debe", "cargos", "gasto", "gastos", "egresos", "retiros", "salidas", "saidas", "debitos", "addebiti", "addebito",
    "debiti", "uscita", "uitgaven", "afschrijving", "afschrijvingen", "uttag", "udbetaling", "udbetalinger", "uttak", "utgift",
    "utgifter", "udgift", "obciazenia", "obciążenia", "obciążenie", "wypłata", "wypłaty", "wydatki", "wn", "vydaj", "vydaje",
    "borc", "borç", "cash out",
))  # fmt: skip
"""More names of the two columns of money in and money out. They count only as a pair: alone, a column `Kredit` may be one
of directions.
"""
BOOKED_STEMS = ("transa", "book", "buch", "bog", "bok", "boek", "post", "oper", "comptab", "contab", "ksieg")
"""The parts of unknown names of days that show that the bank booked on them."""
_STEMS: dict[str, tuple[str, ...]] = {
    DAY: ("date", "datum", "dato", "日期", "fecha"),
    AMOUNT: ("amount", "betrag", "金额", "montant", "importe", "bedrag"),
    STATE: ("status", "statut", "estado", "状态"),
    TEXT: (
        "verwendungszweck", "vwz", "beschreibung", "avisierung", "zahlungsgrund", "description", "narrat", "remark", "reference",
        "memo", "mitteilung", "purpose", "particular", "摘要", "附言", "备注", "用途", "留言", "说明", "libelle", "motif", "concepto",
        "message", "note", "comment",
    ),
}  # fmt: skip
"""The parts of unknown names that show a role. A day, an amount or a state counts if only one column has such a part; for texts
all count.
"""

DOUBTFUL_STATES = frozenset(("info", "result"))
"""The names of a column of states that others give to a column with any text."""
_DIRECTIONS = frozenset((
    "s/h", "h/s", "sh", "soll/haben", "haben/soll", "soll/haben-kennzeichen", "soll-haben-kennzeichen", "dr/cr", "cr/dr",
    "drcr", "crdr", "d/c", "c/d", "dc", "debit/credit", "credit/debit", "debit or credit", "credit or debit",
    "credit debit indicator", "debit credit indicator", "debit/credit indicator", "credit/debit indicator", "cdtdbtind",
    "direction", "in/out", "richtung", "kennzeichen", "收/支", "收支", "收支类型", "收支方向", "收支标志", "借贷", "借/贷",
    "借贷标志", "借贷方向", "借贷标识", "借贷标记", "交易方向", "资金流向", "资金方向", "af bij", "af/bij", "debet/credit",
    "sens", "sentido", "segno", "strona", "bij/af", "cr/db", "db/cr", "debe/haber", "cargo/abono", "dare/avere", "wn/ma",
    "debito/credito", "credito/debito", "debit/kredit", "debet/kredit", "d/k", "d/h",
    "+/-", "vorzeichen", "sign", "indicator", "收入/支出", "收/付", "收付标志", "收付方向", "出入账标志", "来往账标志", "往来标志",
    "transaction direction", "umsatztyp",
))  # fmt: skip
"""The names of a column that shows only the direction."""
_KINDS = frozenset((
    "type", "transaction type", "details", "umsatzart", "buchungstext", "vorgang", "交易类型", "业务类型", "art", "subcategory",
    "transaction category", "mutatiesoort", "tipo", "摘要", "buchungsart", "transaction code", "tran type", "txn type",
))  # fmt: skip
"""The names of a column that says what a line is, which may show its direction too."""
MAY_BE_TEXTS = frozenset(("details", "摘要"))
"""Those of them that other banks give to a column of payers' texts."""

_CURRENCY_BEHIND = re.compile(
    rf"\s*(?:[(\[]\s*[+-]?\s*(?P<bracket>[^\W\d_]{{3}}\s?|[a-z]{{1,2}}\$|円|人民币|人民币元|单位:?元|[{''.join(CURRENCY_SIGNS)}])\s*[+-]?元?\s*[)\]]"
    r"|\bin\s+(?P<in>[a-z]{3}|€)"
    r"|[/(]元[)]?|\s(?P<code>eur|euros?|usd|chf|gbp|cny|rmb|inr|kes|ugx|sek|nok|dkk|pln|czk|aud|cad|nzd|hkd|sgd|jpy|zar))$"
)
_CODES = {
    **{sign: codes[0] for sign, codes in CURRENCY_SIGNS.items() if len(codes) == 1},
    "人民币": "CNY",
    "人民币元": "CNY",
    "单位元": "CNY",
    "单位:元": "CNY",
    "euro": "EUR",
    "euros": "EUR",
    "rmb": "CNY",
}
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "é": "e", "è": "e", "ê": "e", "à": "a", "ó": "o", "í": "i", "ø": "o", "å": "a"}
)


LONGEST = 120
"""The most characters of a name that are used."""


def plain(name: str) -> str:
    """Return a column's name in the form of `NAMES`: in small letters, without umlauts, without blanks at slashes, and
    without the signs around it.
    """
    text = unicodedata.normalize("NFKC", name[:LONGEST]).casefold().translate(_UMLAUTS).replace("_", " ")
    # 交易日期[ Transaction Date ]
    text = re.sub(r"(?<=\S)\s*\[[^\]]*\]$", lambda match: match[0] if len(match[0]) <= 6 else "", text)
    text = re.sub(r"\s*/\s*", "/", re.sub(r"\s+", " ", text))
    return text if text == "+/-" else text.strip(" .:*`'\"“”\ufeff-")


def without_currency(name: str) -> tuple[str, str]:
    """Return (a plain name without the currency behind it, that currency or its sign): `betrag (€)` becomes `betrag`
    and EUR.
    """
    match = _CURRENCY_BEHIND.search(name)
    if match is None or not match.start():
        return name, ""
    currency = (match["bracket"] or match["in"] or match["code"] or "元").strip()
    return name[: match.start()].strip(), _CODES.get(currency, currency.upper())


def bare(name: str) -> str:
    """Return a column's name in the form by which it is known: `plain`, without accents and without signs around it."""
    return unaccented(plain(name)).strip("#* ")


def _bare(*names: str) -> tuple[str, ...]:
    """Return names in the form of `bare`, each once. Those of other countries are separated by strokes."""
    return tuple(dict.fromkeys(bare(each) for name in names for each in name.split("|")))


NAMES = {
    DAY: _bare(abroad.DAYS, *_NAMES[DAY]),
    VALUE_DAY: _bare(*_NAMES[VALUE_DAY], abroad.VALUE_DAYS),
    AMOUNT: _bare(*_NAMES[AMOUNT], abroad.AMOUNTS),
    IN: _bare(*_NAMES[IN], abroad.MONEY_IN),
    OUT: _bare(*_NAMES[OUT], abroad.MONEY_OUT),
    CURRENCY: _bare(*_NAMES[CURRENCY], abroad.CURRENCIES),
    PAYER: _bare(*_NAMES[PAYER], abroad.PAYERS),
    ACCOUNT: _bare(*_NAMES[ACCOUNT], abroad.ACCOUNTS),
    TEXT: _bare(*_NAMES[TEXT], abroad.TEXTS),
    BANK_ID: _bare(*_NAMES[BANK_ID]),
    STATE: _bare(*_NAMES[STATE], abroad.STATES),
    BALANCE: _bare(*_NAMES[BALANCE], abroad.BALANCES),
}
"""The names of each role, the best first, in the form of `bare`. All columns with a name of `TEXT` are used; of the other
roles only the first.
"""
SPELLED = frozenset(name for known in _NAMES.values() for name in known).union(
    name for role, known in vars(abroad).items() if role.isupper() for name in known.split("|")
)
"""The names of all roles as banks spell them."""
IN_OF_PAIR, OUT_OF_PAIR = (
    frozenset(_bare(*_IN_OF_PAIR, abroad.PAIR_IN)),
    frozenset(_bare(*_OUT_OF_PAIR, abroad.PAIR_OUT)),
)
DIRECTIONS, KINDS = (
    frozenset(_bare(*_DIRECTIONS, abroad.DIRECTION_COLUMNS)),
    frozenset(_bare(*_KINDS, abroad.KIND_COLUMNS)),
)
STEMS = {role: _bare(*stems) for role, stems in _STEMS.items()}
