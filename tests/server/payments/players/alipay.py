"""Plays Alipay by its published rules: https://opendocs.alipay.com/common/02kf5q."""

import base64
import datetime
import io
import json
import secrets
import time
import zipfile
from decimal import Decimal
from urllib.parse import parse_qs, parse_qsl, urlencode
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from tests.server.payments.players.keys import bare, private_pem, public_pem, sign
from tests.server.payments.players.trade import Trade

BEIJING = ZoneInfo("Asia/Shanghai")


class Unflagged(zipfile.ZipInfo):
    """A file's name as Alipay writes it: in GBK, without saying so."""

    def _encodeFilenameFlags(self):  # noqa: N802
        return self.filename.encode("gb18030"), self.flag_bits


class AlipayPlayer:
    """Alipay's side of the server: its keys are `app_key` and `alipay_key`."""

    ALIPAY_APP = "2021000117650000"

    def alipay_settings(self):
        """What a merchant types in."""
        return {
            "app_id": self.ALIPAY_APP,
            "private_key": bare(private_pem(self.app_key)),
            "alipay_public_key": bare(public_pem(self.alipay_key)),
        }

    def _alipay(self, where):
        if where.path == "/bill.zip":
            return 200, self._tokens[parse_qs(where.query)["token"][0]], {"Content-Type": "application/zip"}
        given = dict(parse_qsl(where.query))
        signature, call = given.pop("sign", ""), given["method"]
        text = "&".join(f"{name}={value}" for name, value in sorted(given.items()))
        content = json.loads(given["biz_content"])
        kind = {"Content-Type": "text/html;charset=utf-8"}
        try:
            self.app_key.public_key().verify(base64.b64decode(signature), text.encode(), PKCS1v15(), hashes.SHA256())
            sent = datetime.datetime.fromisoformat(given["timestamp"]).replace(tzinfo=BEIJING)
            assert abs(sent.timestamp() - time.time()) < 600, "not Beijing's time"
        except (InvalidSignature, AssertionError):
            return (
                200,
                {"error_response": {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-signature"}},
                kind,
            )
        if call in ("alipay.trade.wap.pay", "alipay.trade.page.pay"):
            self.alipay_opened(given, content)
            return 200, b"<html>cashier</html>", kind
        answer = json.dumps(self._alipay_call(call, content), ensure_ascii=False)
        signed = sign(self.alipay_key, answer)
        return 200, f'{{"{call.replace(".", "_")}_response":{answer},"sign":"{signed}"}}'.encode(), kind

    def alipay_opened(self, given, content):
        """The payer has opened the page: from now on Alipay knows the payment."""
        amount = int(Decimal(content["total_amount"]) * 100)
        return self.trades.setdefault(
            content["out_trade_no"], Trade("alipay", content["out_trade_no"], amount, "CNY", given["notify_url"])
        )

    def _alipay_call(self, call, content):
        good = {"code": "10000", "msg": "Success"}
        if call == "alipay.data.dataservice.bill.downloadurl.query":
            if content["bill_date"] not in self.bills:
                return {
                    "code": "40004",
                    "msg": "Business Failed",
                    "sub_code": "isp.bill_not_exist",
                    "sub_msg": "账单不存在",
                }
            packed, token = io.BytesIO(), secrets.token_hex(8)
            with zipfile.ZipFile(packed, "w") as files:
                for name, text in (
                    ("20881_业务明细(汇总).csv", "#"),
                    ("20881_业务明细.csv", self.bills[content["bill_date"]]),
                ):
                    files.writestr(Unflagged(name), text.encode("gb18030"))
            self._tokens[token] = packed.getvalue()
            return {**good, "bill_download_url": f"{self.address}/bill.zip?token={token}"}
        trade = self.trades.get(content["out_trade_no"])
        if trade is None:
            return {
                "code": "40004",
                "msg": "Business Failed",
                "sub_code": "ACQ.TRADE_NOT_EXIST",
                "sub_msg": "交易不存在",
            }
        if call == "alipay.trade.query":
            return {**good, **self.alipay_trade(trade)}
        if call == "alipay.trade.close":
            if trade.state == "paid":
                return {
                    "code": "40004",
                    "msg": "Business Failed",
                    "sub_code": "ACQ.TRADE_STATUS_ERROR",
                    "sub_msg": "交易状态不合法",
                }
            trade.state = "closed"
            return {**good, "out_trade_no": trade.payment_id}
        if call == "alipay.trade.fastpay.refund.query":
            is_done = content["out_request_no"] in trade.refunds
            return {**good, **({"refund_status": "REFUND_SUCCESS"} if is_done else {})}
        assert call == "alipay.trade.refund"
        amount = int(Decimal(content["refund_amount"]) * 100)
        number = content["out_request_no"]
        if number not in trade.refunds and sum(trade.refunds.values()) + amount > trade.amount:
            return {"code": "40004", "msg": "Business Failed", "sub_code": "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"}
        trade.refunds[number] = amount
        return {**good, "out_trade_no": trade.payment_id, "fund_change": "Y"}

    def alipay_trade(self, trade):
        states = {"open": "WAIT_BUYER_PAY", "paid": "TRADE_SUCCESS", "closed": "TRADE_CLOSED"}
        found = {
            "out_trade_no": trade.payment_id,
            "trade_status": states[trade.state],
            "total_amount": f"{trade.amount / 100:.2f}",
        }
        if trade.state == "paid":
            at = f"{datetime.datetime.fromtimestamp(trade.at, BEIJING):%Y-%m-%d %H:%M:%S}"
            found |= {"trade_no": trade.transaction, "send_pay_date": at, "buyer_pay_amount": found["total_amount"]}
            if gone := sum(trade.refunds.values()):
                found["refund_fee"] = f"{gone / 100:.2f}"
                found["trade_status"] = "TRADE_CLOSED" if gone == trade.amount else "TRADE_SUCCESS"
        return found

    def alipay_callback(self, trade, key=None, **changes):
        told = {
            "notify_time": f"{datetime.datetime.now(BEIJING):%Y-%m-%d %H:%M:%S}",
            "notify_type": "trade_status_sync",
            "notify_id": secrets.token_hex(16),
            "app_id": self.ALIPAY_APP,
            "charset": "utf-8",
            "version": "1.0",
            "subject": "电费",
            **self.alipay_trade(trade),
        }
        told["gmt_payment"] = told.pop("send_pay_date", "")
        told = {name: value for name, value in {**told, **changes}.items() if value}
        text = "&".join(f"{name}={value}" for name, value in sorted(told.items()))
        signed = {**told, "sign_type": "RSA2", "sign": sign(key or self.alipay_key, text)}
        return urlencode(signed).encode(), {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}

    def _alipay_bill(self, fee):
        lines = [
            "#支付宝业务明细查询",
            "#账号：[20881]",
            "#-----业务明细列表-----",
            (
                "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,"
                "终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,"
                "支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
                "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
            ),
        ]
        for trade in self.trades.values():
            if trade.provider != "alipay" or trade.state != "paid":
                continue
            at = f"{datetime.datetime.fromtimestamp(trade.at, BEIJING):%Y-%m-%d %H:%M:%S}"
            rows = [("交易", f"{trade.amount / 100:.2f}", "", f"-{Decimal(trade.amount) / 100 * fee:.2f}")]
            rows += [("退款", f"-{part / 100:.2f}", number, "0.00") for number, part in trade.refunds.items()]
            lines += [
                f"{trade.transaction}\t,{trade.payment_id}\t,{kind},电费,{at},{at},,,,,abc***@x.com,{amount},{amount},0.00,0.00,0.00,0.00,0.00,,0.00,0.00,{number},{cost},0.00,"
                for kind, amount, number, cost in rows
            ]
        return "\r\n".join([*lines, "#-----业务明细列表结束-----"])
