"""WeChat Pay's trade bill, which is one file a day of a merchant number.

Rules: https://pay.weixin.qq.com/doc/v3/merchant/4013071265
"""

from __future__ import annotations

import io
from collections.abc import Collection

from ..bills import beijing_instant, in_fen, named_rows
from ..interface import PAYMENT, REFUND, Line


def read_bill(text: str, apps: Collection[str]) -> list[Line]:
    """Return the lines of a trade bill that belong to some apps: comma-separated, each value after a backtick, with two
    lines of totals at the end. A merchant number has one bill for all of its apps. Raises ProviderError if an amount
    cannot be read.
    """
    lines = []
    for row in named_rows(io.StringIO(text)):
        if not next(iter(row.values()), "").startswith("`"):
            break
        values = {name: value.removeprefix("`") for name, value in row.items()}
        # A failed refund moved no money.
        failed = values["交易状态"] == "REFUND" and values.get("退款状态") == "FAIL"
        if values["公众账号ID"] in apps and not failed:
            lines.append(_line(values))
    return lines


def _line(values: dict[str, str]) -> Line:
    refunded, transaction = values["交易状态"] == "REFUND", values["微信订单号"]
    return Line(
        (values["商户退款单号"] or values["微信退款单号"]) if refunded else transaction,
        REFUND if refunded else PAYMENT,
        values["商户订单号"],
        transaction,
        -_fen(values["申请退款金额"]) if refunded else _fen(values["订单金额"]),
        _fen(values["手续费"]),
        values["货币种类"],
        beijing_instant(values["交易时间"]),
    )


def _fen(text: str) -> int:
    # Fees have five decimals in the file; whole fen are settled.
    return int(in_fen(text).to_integral_value())
