"""Alipay's trade bill, which is one file a day of an application, and its amounts.

Rules: https://opendocs.alipay.com/open/204/106262
"""

from __future__ import annotations

from decimal import InvalidOperation

from ..bills import beijing_instant, in_fen, named_rows
from ..interface import PAYMENT, REFUND, Line


def fen(text: str) -> int:
    """Return an amount in yuan as fen. Raises InvalidOperation if it has more than two decimals, ProviderError if it is
    no amount.
    """
    scaled = in_fen(text)
    if scaled != scaled.to_integral_value():
        raise InvalidOperation(text)
    return int(scaled)


def read_bill(text: str) -> list[Line]:
    """Return the lines of a trade bill: comma-separated, with lines that begin with # before and after them."""
    rows = named_rows(line for line in text.splitlines() if not line.startswith("#"))
    return [_line(row) for row in rows if row.get("支付宝交易号")]


def _line(row: dict[str, str]) -> Line:
    refunded = row["业务类型"] == "退款"
    number, amount = row.get("退款批次号/请求号", ""), fen(row["订单金额（元）"])
    return Line(
        number if refunded and number else row["支付宝交易号"],
        REFUND if refunded else PAYMENT,
        row["商户订单号"],
        row["支付宝交易号"],
        -abs(amount) if refunded else amount,
        -fen(row.get("服务费（元）", "0")),
        "CNY",
        beijing_instant(row["完成时间"]),
    )
