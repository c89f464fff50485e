"""Plays WeChat Pay (API v3) by its published rules.

https://pay.weixin.qq.com/doc/v3/merchant/4012365342 (signatures), 4012365355 (certificates and callbacks).
"""

import base64
import datetime
import gzip
import hashlib
import json
import re
import secrets
import time
from decimal import Decimal
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from tests.server.payments.players.keys import private_pem, public_pem, sign
from tests.server.payments.players.trade import Trade

BEIJING = ZoneInfo("Asia/Shanghai")
JSON = {"Content-Type": "application/json"}


def certificate(key, serial):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com Root CA")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1000))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


class WeChatPlayer:
    """WeChat Pay's side of the server: its keys are `merchant_key` and `wechat_key`."""

    MCHID, APPID, SERIAL, PLATFORM_SERIAL = "1900000109", "wxd678efh567hg6787", "ABCDEF01234567", 0x5157F09EFDC096DE
    APIV3_KEY = "0123456789abcdef0123456789abcdef"
    PUBLIC_KEY_ID = "PUB_KEY_ID_0119000001092024110400"
    MINI_APPID, MINI_SECRET = "wxa5b2c3d4e5f60718", "s3cret-of-the-mini-program"
    """The mini program that the merchant number is bound to beside its official account."""

    def wechat_settings(self, certificates=False):
        """What a merchant types in."""
        found = {
            "mchid": self.MCHID,
            "appid": self.APPID,
            "cert_serial_no": self.SERIAL,
            "private_key": private_pem(self.merchant_key),
            "apiv3_key": self.APIV3_KEY,
            "app_secret": "an-app-secret",
            "mini_appid": self.MINI_APPID,
        }
        if not certificates:
            found |= {"public_key_id": self.PUBLIC_KEY_ID, "public_key": public_pem(self.wechat_key)}
        return found

    def _wechat(self, handler, where, body):
        if where.path == "/sns/oauth2/access_token":
            return 200, {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}, {"Content-Type": "application/json"}
        if where.path == "/sns/jscode2session":
            return 200, self._session({name: each[0] for name, each in parse_qs(where.query).items()}), JSON
        if where.path.startswith("/cgi-bin/"):
            return *self.messages(handler.path, body), JSON
        if where.path == "/v3/billdownload/file":
            return 200, self._tokens[parse_qs(where.query)["token"][0]], {"Content-Type": "application/octet-stream"}
        given = dict(re.findall(r'(\w+)="([^"]*)"', handler.headers.get("Authorization", "")))
        signed = "\n".join(
            [handler.command, handler.path, given.get("timestamp", ""), given.get("nonce_str", ""), body.decode(), ""]
        )
        try:
            self.merchant_key.public_key().verify(
                base64.b64decode(given["signature"]), signed.encode(), PKCS1v15(), hashes.SHA256()
            )
            assert (given["mchid"], given["serial_no"]) == (self.MCHID, self.SERIAL)
        except (InvalidSignature, KeyError, AssertionError):
            return self._signed(401, {"code": "SIGN_ERROR", "message": "签名错误"})
        return self._signed(*self._wechat_call(where, json.loads(body) if body else {}))

    def _session(self, given):
        """Who logs in: `wx.login` gives codes such as `code-anna-7`, each good for once, and people are called by their openid."""
        if given.get("appid") != self.MINI_APPID:
            return {"errcode": 40013, "errmsg": "invalid appid"}
        if given.get("secret") != self.MINI_SECRET:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        code = given.get("js_code", "")
        if code in self.used_codes:
            return {"errcode": 40163, "errmsg": "code been used"}
        found = re.fullmatch(r"code-(\w+)-\d+", code)
        if not found or given.get("grant_type") != "authorization_code":
            return {"errcode": 40029, "errmsg": "invalid code"}
        self.used_codes.add(code)
        return {"openid": self.openid(found[1]), "session_key": "HyVFkGl5F5OQWJZZaNzBBg=="}

    @staticmethod
    def openid(who):
        """Whom the mini program knows by this."""
        return "o" + hashlib.sha256(who.encode()).hexdigest()[:27]

    def request_payment(self, appid, wx):
        """What `wx.requestPayment` does with its five fields: the payment that the phone shows. AssertionError if they are not
        signed by the merchant for this app.
        """
        assert set(wx) == {"timeStamp", "nonceStr", "package", "signType", "paySign"} and wx["signType"] == "RSA", wx
        assert abs(int(wx["timeStamp"]) - time.time()) < 300 and len(wx["nonceStr"]) <= 32
        signed = "\n".join([appid, wx["timeStamp"], wx["nonceStr"], wx["package"], ""])
        signature = base64.b64decode(wx["paySign"])
        self.merchant_key.public_key().verify(signature, signed.encode(), PKCS1v15(), hashes.SHA256())
        trade = self.trades[wx["package"].removeprefix("prepay_id=wx")]
        assert trade.more["appid"] == appid, "the order is of another app"
        return trade

    def _signed(self, status, content):
        text = json.dumps(content, ensure_ascii=False) if content is not None else ""
        headers = self.wechat_headers(text)
        return status, text.encode(), {**headers, "Content-Type": "application/json; charset=utf-8"}

    def wechat_headers(self, text, serial=None, at=None, key=None):
        at, nonce = str(at or int(time.time())), secrets.token_hex(8)
        return {
            "Wechatpay-Timestamp": at,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": serial or self.serial,
            "Wechatpay-Signature": sign(key or self.wechat_key, f"{at}\n{nonce}\n{text}\n"),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }

    serial = PUBLIC_KEY_ID

    def use_certificates(self):
        """Sign by a platform certificate, as for merchants of before 2024."""
        self.serial = f"{self.PLATFORM_SERIAL:X}"

    def sealed(self, text, note):
        nonce = secrets.token_hex(6)
        sealed = AESGCM(self.APIV3_KEY.encode()).encrypt(nonce.encode(), text.encode(), note.encode())
        return {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": nonce,
            "associated_data": note,
            "ciphertext": base64.b64encode(sealed).decode(),
        }

    def _wechat_call(self, where, given):
        path = where.path
        if path == "/v3/certificates":
            made = certificate(self.wechat_key, self.PLATFORM_SERIAL)
            begin, end = "2020-01-01T00:00:00+08:00", "2040-01-01T00:00:00+08:00"
            return 200, {
                "data": [
                    {
                        "serial_no": f"{self.PLATFORM_SERIAL:X}",
                        "effective_time": begin,
                        "expire_time": end,
                        "encrypt_certificate": self.sealed(made, "certificate"),
                    }
                ]
            }
        if found := re.fullmatch(r"/v3/pay/transactions/(native|jsapi|h5)", path):
            trade = self.trades.setdefault(
                given["out_trade_no"],
                Trade(
                    "wechat",
                    given["out_trade_no"],
                    given["amount"]["total"],
                    given["amount"]["currency"],
                    given["notify_url"],
                    appid=given["appid"],
                    payer=given.get("payer", {}).get("openid", ""),
                ),
            )
            if trade.state == "paid":
                return 400, {"code": "ORDERPAID", "message": "订单已支付"}
            if trade.amount != given["amount"]["total"]:
                return 400, {"code": "INVALID_REQUEST", "message": "参数错误"}
            assert given["amount"]["currency"] == "CNY" and given["mchid"] == self.MCHID
            assert given["appid"] == self.APPID or (found[1] == "jsapi" and given["appid"] == self.MINI_APPID)
            assert found[1] != "jsapi" or trade.more["payer"]
            return 200, {
                "native": {"code_url": f"weixin://wxpay/bizpayurl?pr={trade.payment_id[:9]}"},
                "h5": {"h5_url": f"{self.address}/h5?prepay_id=wx{trade.payment_id[:9]}"},
                "jsapi": {"prepay_id": f"wx{trade.payment_id}"},
            }[found[1]]
        if found := re.fullmatch(r"/v3/pay/transactions/out-trade-no/(\w+)", path):
            trade = self.trades.get(found[1])
            return (
                (200, self.wechat_trade(trade))
                if trade
                else (404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"})
            )
        if found := re.fullmatch(r"/v3/pay/transactions/out-trade-no/(\w+)/close", path):
            trade = self.trades.get(found[1])
            if trade and trade.state == "paid":
                return 400, {"code": "ORDERPAID", "message": "订单已支付"}
            if trade:
                trade.state = "closed"
            return 204, None
        if path == "/v3/refund/domestic/refunds":
            trade = self.trades[given["out_trade_no"]]
            number, amount = given["out_refund_no"], given["amount"]["refund"]
            if number not in trade.refunds and sum(trade.refunds.values()) + amount > trade.amount:
                return 400, {"code": "INVALID_REQUEST", "message": "申请退款金额大于订单金额"}
            trade.refunds[number] = amount
            return 200, {"out_refund_no": number, "refund_id": f"50{number[:20]}", "status": "PROCESSING"}
        if found := re.fullmatch(r"/v3/refund/domestic/refunds/(\w+)", path):
            if not any(found[1] in trade.refunds for trade in self.trades.values()):
                return 404, {"code": "RESOURCE_NOT_EXISTS", "message": "退款单不存在"}
            return 200, {"out_refund_no": found[1], "refund_id": f"50{found[1][:20]}", "status": "PROCESSING"}
        if path == "/v3/bill/tradebill":
            day = parse_qs(where.query)["bill_date"][0]
            if day not in self.bills:
                return 400, {"code": "NO_STATEMENT_EXIST", "message": "账单不存在"}
            raw = self.bills[day].encode("utf-8-sig")
            token = secrets.token_hex(8)
            self._tokens[token] = gzip.compress(raw)
            # The library takes the provider's own address off what it is told.
            return 200, {
                "hash_type": "SHA1",
                "hash_value": hashlib.sha1(raw).hexdigest(),
                "download_url": f"{self.address}/v3/billdownload/file?token={token}",
            }
        return 404, {"code": "RESOURCE_NOT_EXISTS", "message": path}

    def wechat_trade(self, trade):
        found = {
            "appid": trade.more.get("appid", self.APPID),
            "mchid": self.MCHID,
            "out_trade_no": trade.payment_id,
            "trade_state": {"open": "NOTPAY", "paid": "SUCCESS", "closed": "CLOSED"}[trade.state],
        }
        if trade.state == "paid":
            if trade.refunds:
                found["trade_state"] = "REFUND"
            at = datetime.datetime.fromtimestamp(trade.at, BEIJING).isoformat()
            found |= {
                "transaction_id": trade.transaction,
                "success_time": at,
                "trade_type": "NATIVE",
                "amount": {"total": trade.amount, "payer_total": trade.amount, "currency": trade.currency},
                "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
            }
        return found

    def wechat_callback(self, trade, event="TRANSACTION.SUCCESS", **changes):
        """(body, headers) of a callback. `changes`: of what is sealed in it."""
        sealed = self.sealed(json.dumps({**self.wechat_trade(trade), **changes}), "transaction")
        text = json.dumps(
            {
                "id": secrets.token_hex(16),
                "create_time": "2026-01-01T00:00:00+08:00",
                "resource_type": "encrypt-resource",
                "event_type": event,
                "summary": "支付成功",
                "resource": {"original_type": "transaction", **sealed},
            }
        )
        return text.encode(), {**self.wechat_headers(text), "Content-Type": "application/json"}

    def wechat_refund_callback(self, trade, number, event="REFUND.SUCCESS"):
        """(body, headers) of a callback of a refund."""
        told = {
            "mchid": self.MCHID,
            "out_trade_no": trade.payment_id,
            "transaction_id": trade.transaction,
            "out_refund_no": number,
            "refund_id": f"50{number[:20]}",
            "refund_status": event.split(".")[1],
            "user_received_account": "招商银行信用卡0403",
            "amount": {
                "total": trade.amount,
                "refund": trade.refunds[number],
                "payer_total": trade.amount,
                "payer_refund": trade.refunds[number],
            },
        }
        if event == "REFUND.SUCCESS":
            told["success_time"] = datetime.datetime.fromtimestamp(trade.at, BEIJING).isoformat()
        sealed = self.sealed(json.dumps(told), "refund")
        text = json.dumps(
            {
                "id": secrets.token_hex(16),
                "create_time": "2026-01-01T00:00:00+08:00",
                "resource_type": "encrypt-resource",
                "event_type": event,
                "summary": "退款",
                "resource": {"original_type": "refund", **sealed},
            }
        )
        return text.encode(), {**self.wechat_headers(text), "Content-Type": "application/json"}

    def _wechat_bill(self, fee):
        names = (
            "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,"
            "交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,"
            "充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,"
            "费率备注"
        )
        lines = [names]
        for trade in self.trades.values():
            if trade.provider != "wechat" or trade.state != "paid":
                continue
            at = f"{datetime.datetime.fromtimestamp(trade.at, BEIJING):%Y-%m-%d %H:%M:%S}"
            yuan = f"{trade.amount / 100:.2f}"
            rows = [("SUCCESS", "0", "0", yuan, yuan, "0.00", f"{Decimal(yuan) * fee:.5f}")]
            rows += [
                (
                    "REFUND",
                    f"50{number[:20]}",
                    number,
                    "0.00",
                    "0.00",
                    f"{part / 100:.2f}",
                    f"-{Decimal(part) / 100 * fee:.5f}",
                )
                for number, part in trade.refunds.items()
            ]
            for state, theirs, ours, settled, amount, asked, cost in rows:
                values = [
                    at,
                    trade.more.get("appid", self.APPID),
                    self.MCHID,
                    "0",
                    "",
                    trade.transaction,
                    trade.payment_id,
                    "oUpF8",
                    "NATIVE",
                    state,
                    "OTHERS",
                    "CNY",
                    settled,
                    "0.00",
                    theirs,
                    ours,
                    asked,
                    "0.00",
                    "",
                    "",
                    "电费, 三号",
                    "",
                    cost,
                    "0.60%",
                    amount,
                    asked,
                    "",
                ]
                lines.append(
                    ",".join("`" + (f'"{value}"' if "," in value else value) for value in values).replace('`"', '"`')
                )
        return "\r\n".join([*lines, "总交易单数,应结订单总金额,退款总金额", "`1,`0.00,`0.00"])
