"""The names that columns have in files of dated prices: those of exchanges, of traders and of people."""

from __future__ import annotations

NAMES = {
    "from": (
        "from", "valid from", "start", "start time", "starts at", "begin", "interval start", "delivery start", "timestamp", "datetime",
        "date time", "date/time", "von", "ab", "datum von", "beginn", "gültig ab", "gueltig ab", "gültig von", "zeitstempel", "开始时间",
        "起始时间", "生效时间", "startsat", "mtu", "start date", "startdatum", "start timestamp", "hourutc", "datetime beginning", "van",
        "desde", "de", "début", "date de début", "inizio", "fra", "från", "alku", "alkaa", "日時", "时间段", "ajatempel",
        "zeit von", "intervalstarttime",
    ),
    "day": (
        "date", "day", "datum", "tag", "日期", "fecha", "data", "dato", "dag", "päivä", "dzień", "jour", "delivery date", "settlement date",
        "受渡日", "delivery day", "trading date", "den",
    ),
    "clock": (
        "time", "time of day", "uhrzeit", "zeit", "时间", "时刻", "时段", "time block", "hour", "stunde", "settlement period", "時刻コード",
        "hora", "ora", "heure", "tijd", "tid", "aika", "godzina", "klo", "hodina", "trading period",
    ),
    "to": (
        "to", "valid to", "end", "end time", "until", "interval end", "delivery end", "bis", "datum bis", "ende", "gültig bis",
        "gueltig bis", "结束时间", "截止时间", "失效时间", "end date", "enddatum", "end timestamp", "tot", "hasta", "à", "fin",
        "date de fin", "fine", "til", "till", "slutt", "slut", "loppu", "päättyy", "settlementdate", "interval ending",
        "hour ending", "period ending", "zeit bis", "intervalendtime",
    ),
    "price": (
        "price", "value inc vat", "unit rate", "unit rate inc vat", "rate", "day-ahead price", "day ahead price", "spot price", "preis",
        "arbeitspreis", "strompreis", "spotpreis", "börsenpreis", "marktpreis", "价格", "电价", "单价", "电能量价格",
        "total", "market price", "marketprice", "deutschland/luxemburg", "germany/luxembourg", "pris", "spotpris", "elpris", "elspot",
        "prijs", "stroomprijs", "prix", "prix spot", "precio", "preço", "prezzo", "pun", "hinta", "cena", "价格", "価格", "mcp", "rrp",
        "value", "wert", "valor", "valeur", "mc auktionspreis", "settlement point price", "hoep", "precio marginal",
        "precio marginal españa",
        "day ahead auktion preis", "day ahead auction price",
    ),
    "unit": ("unit", "units", "einheit", "unité", "unidad", "eenheid", "unità", "enhet", "单位"),
    "currency": ("currency", "currency code", "währung", "devise", "moneda", "moeda", "valuta", "divisa", "币种", "货币"),
}  # fmt: skip
"""The known names of the columns, by their meaning."""
INSTEAD = (("from", "clock"), ("from", "to"), ("from", "day"))
"""Which column says the beginning where none of this name does. Where there are only ends, they say it."""
