"""A local HTTP server that plays WeChat Pay (API v3), Alipay and Stripe by their published rules: it checks how requests are
signed, signs what it answers and calls back, and can misbehave as real providers and strangers do.

WeChat Pay: https://pay.weixin.qq.com/doc/v3/merchant/4012365342 (signatures), 4012365355 (certificates and callbacks).
Alipay: https://opendocs.alipay.com/common/02kf5q. Stripe: https://docs.stripe.com/api, https://docs.stripe.com/webhooks.
"""

import base64
import datetime
import gzip
import hashlib
import hmac
import io
import json
import re
import secrets
import threading
import time
import urllib.error
import urllib.request
import zipfile
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

BEIJING = ZoneInfo("Asia/Shanghai")
METHODS = {"wechat": "native", "alipay": "wap", "stripe": "checkout"}
"""The providers, and the way of paying that the tests take at each."""


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_pem(key):
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def bare(pem):
    """As the providers' consoles show a key: without its first and last line."""
    return "".join(line for line in pem.splitlines() if not line.startswith("-----"))


def sign(key, text):
    return base64.b64encode(key.sign(text.encode(), PKCS1v15(), hashes.SHA256())).decode()


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


class Unflagged(zipfile.ZipInfo):
    """A file's name as Alipay writes it: in GBK, without saying so."""

    def _encodeFilenameFlags(self):  # noqa: N802
        return self.filename.encode("gb18030"), self.flag_bits


class Trade:
    """A payment, as the provider knows it. `amount` in minor units."""

    def __init__(self, provider, payment_id, amount, currency, notify_url, **more):
        self.provider, self.payment_id, self.amount, self.currency = provider, payment_id, amount, currency
        self.notify_url, self.more = notify_url, more
        self.state, self.transaction, self.at, self.refunds = "open", "", None, {}

    def pay(self, at=None):
        self.state, self.at = "paid", at or int(time.time())
        self.transaction = self.transaction or f"{'pi_' if self.provider == 'stripe' else '42'}{secrets.token_hex(12)}"


class Providers:
    """The three providers, the keys of one merchant account with each, and the server they listen on."""

    MCHID, APPID, SERIAL, PLATFORM_SERIAL = "1900000109", "wxd678efh567hg6787", "ABCDEF01234567", 0x5157F09EFDC096DE
    APIV3_KEY = "0123456789abcdef0123456789abcdef"
    PUBLIC_KEY_ID = "PUB_KEY_ID_0119000001092024110400"
    ALIPAY_APP = "2021000117650000"
    STRIPE_KEY, STRIPE_SECRET = "sk_test_51Nabcdef", "whsec_abcdefghijkl"

    def __init__(self):
        self.merchant_key, self.wechat_key, self.app_key, self.alipay_key = (new_key() for _ in range(4))
        self.trades, self.asked, self.sessions, self.bills, self.faults = {}, [], {}, {}, []
        self.payouts = []
        """Balance transactions of Stripe's beside charges and refunds."""
        self._idempotent, self._tokens = {}, {}
        self.lock = threading.RLock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do(self):
                length = int(self.headers.get("Content-Length") or 0)
                outer._answer(self, self.rfile.read(length))

            do_GET = do_POST = do  # noqa: N815

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()

    @property
    def addresses(self):
        """For the server's setting PREWATT_PROVIDERS."""
        return {"wechat": self.address, "alipay": f"{self.address}/gateway.do", "stripe": self.address}

    def settings(self, provider, certificates=False):
        """What a merchant types in."""
        if provider == "wechat":
            found = {
                "mchid": self.MCHID, "appid": self.APPID, "cert_serial_no": self.SERIAL,
                "private_key": private_pem(self.merchant_key), "apiv3_key": self.APIV3_KEY, "app_secret": "an-app-secret",
            }  # fmt: skip
            if not certificates:
                found |= {"public_key_id": self.PUBLIC_KEY_ID, "public_key": public_pem(self.wechat_key)}
            return found
        if provider == "alipay":
            return {
                "app_id": self.ALIPAY_APP, "private_key": bare(private_pem(self.app_key)),
                "alipay_public_key": bare(public_pem(self.alipay_key)),
            }  # fmt: skip
        return {"api_key": self.STRIPE_KEY, "webhook_secret": self.STRIPE_SECRET}

    # -- answering ------------------------------------------------------------------------------------------------------

    def _answer(self, handler, body):
        where = urlsplit(handler.path)
        with self.lock:
            self.asked.append((handler.command, handler.path, body))
            if self.faults:
                fault = self.faults.pop(0)
                if fault == "drop":
                    handler.close_connection = True
                    handler.connection.close()
                    return
                status, content, headers = fault
            elif where.path.startswith("/v3/") or where.path.startswith("/sns/"):
                status, content, headers = self._wechat(handler, where, body)
            elif where.path.startswith("/v1/"):
                status, content, headers = self._stripe(handler, where, body)
            else:
                status, content, headers = self._alipay(where)
        content = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    # -- WeChat Pay ------------------------------------------------------------------------------------------------------

    def _wechat(self, handler, where, body):
        if where.path == "/sns/oauth2/access_token":
            return 200, {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}, {"Content-Type": "application/json"}
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

    def _signed(self, status, content):
        text = json.dumps(content, ensure_ascii=False) if content is not None else ""
        headers = self.wechat_headers(text)
        return status, text.encode(), {**headers, "Content-Type": "application/json; charset=utf-8"}

    def wechat_headers(self, text, serial=None, at=None, key=None):
        at, nonce = str(at or int(time.time())), secrets.token_hex(8)
        return {
            "Wechatpay-Timestamp": at, "Wechatpay-Nonce": nonce, "Wechatpay-Serial": serial or self.serial,
            "Wechatpay-Signature": sign(key or self.wechat_key, f"{at}\n{nonce}\n{text}\n"),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }  # fmt: skip

    serial = PUBLIC_KEY_ID

    def use_certificates(self):
        """Sign by a platform certificate, as for merchants of before 2024."""
        self.serial = f"{self.PLATFORM_SERIAL:X}"

    def sealed(self, text, note):
        nonce = secrets.token_hex(6)
        sealed = AESGCM(self.APIV3_KEY.encode()).encrypt(nonce.encode(), text.encode(), note.encode())
        return {
            "algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": note,
            "ciphertext": base64.b64encode(sealed).decode(),
        }  # fmt: skip

    def _wechat_call(self, where, given):
        path = where.path
        if path == "/v3/certificates":
            made = certificate(self.wechat_key, self.PLATFORM_SERIAL)
            begin, end = "2020-01-01T00:00:00+08:00", "2040-01-01T00:00:00+08:00"
            return 200, {
                "data": [
                    {"serial_no": f"{self.PLATFORM_SERIAL:X}", "effective_time": begin, "expire_time": end,
                     "encrypt_certificate": self.sealed(made, "certificate")}
                ]
            }  # fmt: skip
        if found := re.fullmatch(r"/v3/pay/transactions/(native|jsapi|h5)", path):
            trade = self.trades.setdefault(
                given["out_trade_no"],
                Trade(
                    "wechat",
                    given["out_trade_no"],
                    given["amount"]["total"],
                    given["amount"]["currency"],
                    given["notify_url"],
                ),
            )
            if trade.state == "paid":
                return 400, {"code": "ORDERPAID", "message": "订单已支付"}
            if trade.amount != given["amount"]["total"]:
                return 400, {"code": "INVALID_REQUEST", "message": "参数错误"}
            assert (
                given["amount"]["currency"] == "CNY" and given["mchid"] == self.MCHID and given["appid"] == self.APPID
            )
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
        if path == "/v3/bill/tradebill":
            day = parse_qs(where.query)["bill_date"][0]
            if day not in self.bills:
                return 400, {"code": "NO_STATEMENT_EXIST", "message": "账单不存在"}
            raw = self.bills[day].encode("utf-8-sig")
            token = secrets.token_hex(8)
            self._tokens[token] = gzip.compress(raw)
            # The library takes the provider's own address off what it is told.
            return 200, {
                "hash_type": "SHA1", "hash_value": hashlib.sha1(raw).hexdigest(),
                "download_url": f"{self.address}/v3/billdownload/file?token={token}",
            }  # fmt: skip
        return 404, {"code": "RESOURCE_NOT_EXISTS", "message": path}

    def wechat_trade(self, trade):
        found = {
            "appid": self.APPID, "mchid": self.MCHID, "out_trade_no": trade.payment_id,
            "trade_state": {"open": "NOTPAY", "paid": "SUCCESS", "closed": "CLOSED"}[trade.state],
        }  # fmt: skip
        if trade.state == "paid":
            if trade.refunds:
                found["trade_state"] = "REFUND"
            at = datetime.datetime.fromtimestamp(trade.at, BEIJING).isoformat()
            found |= {
                "transaction_id": trade.transaction, "success_time": at, "trade_type": "NATIVE",
                "amount": {"total": trade.amount, "payer_total": trade.amount, "currency": trade.currency},
                "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
            }  # fmt: skip
        return found

    def wechat_callback(self, trade, event="TRANSACTION.SUCCESS", **changes):
        """(body, headers) of a callback. `changes`: of what is sealed in it."""
        sealed = self.sealed(json.dumps({**self.wechat_trade(trade), **changes}), "transaction")
        text = json.dumps(
            {"id": secrets.token_hex(16), "create_time": "2026-01-01T00:00:00+08:00", "resource_type": "encrypt-resource",
             "event_type": event, "summary": "支付成功", "resource": {"original_type": "transaction", **sealed}}
        )  # fmt: skip
        return text.encode(), {**self.wechat_headers(text), "Content-Type": "application/json"}

    def wechat_refund_callback(self, trade, number, event="REFUND.SUCCESS"):
        """(body, headers) of a callback of a refund."""
        told = {
            "mchid": self.MCHID, "out_trade_no": trade.payment_id, "transaction_id": trade.transaction,
            "out_refund_no": number, "refund_id": f"50{number[:20]}", "refund_status": event.split(".")[1],
            "user_received_account": "招商银行信用卡0403",
            "amount": {"total": trade.amount, "refund": trade.refunds[number], "payer_total": trade.amount,
                       "payer_refund": trade.refunds[number]},
        }  # fmt: skip
        if event == "REFUND.SUCCESS":
            told["success_time"] = datetime.datetime.fromtimestamp(trade.at, BEIJING).isoformat()
        sealed = self.sealed(json.dumps(told), "refund")
        text = json.dumps(
            {"id": secrets.token_hex(16), "create_time": "2026-01-01T00:00:00+08:00", "resource_type": "encrypt-resource",
             "event_type": event, "summary": "退款", "resource": {"original_type": "refund", **sealed}}
        )  # fmt: skip
        return text.encode(), {**self.wechat_headers(text), "Content-Type": "application/json"}

    # -- Alipay ----------------------------------------------------------------------------------------------------------

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
            "notify_time": f"{datetime.datetime.now(BEIJING):%Y-%m-%d %H:%M:%S}", "notify_type": "trade_status_sync",
            "notify_id": secrets.token_hex(16), "app_id": self.ALIPAY_APP, "charset": "utf-8", "version": "1.0",
            "subject": "电费", **self.alipay_trade(trade),
        }  # fmt: skip
        told["gmt_payment"] = told.pop("send_pay_date", "")
        told = {name: value for name, value in {**told, **changes}.items() if value}
        text = "&".join(f"{name}={value}" for name, value in sorted(told.items()))
        signed = {**told, "sign_type": "RSA2", "sign": sign(key or self.alipay_key, text)}
        return urlencode(signed).encode(), {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}

    # -- Stripe ----------------------------------------------------------------------------------------------------------

    def _stripe(self, handler, where, body):
        kind = {"Content-Type": "application/json", "Request-Id": f"req_{secrets.token_hex(6)}"}
        if handler.headers.get("Authorization") != f"Bearer {self.STRIPE_KEY}":
            return 401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}, kind
        given = dict(parse_qsl(body.decode()))
        key = handler.headers.get("Idempotency-Key")
        if key and key in self._idempotent:
            before, answer = self._idempotent[key]
            if before != given:
                return (
                    400,
                    {
                        "error": {
                            "type": "idempotency_error",
                            "message": "Keys for idempotent requests can only be used with the same parameters",
                        }
                    },
                    kind,
                )
            return (*answer, kind)
        answer = self._stripe_call(where, given)
        if key:
            self._idempotent[key] = (given, answer)
        return (*answer, kind)

    def _stripe_call(self, where, given):
        if where.path == "/v1/checkout/sessions":
            trade = Trade(
                "stripe", given["client_reference_id"], int(given["line_items[0][price_data][unit_amount]"]),
                given["line_items[0][price_data][currency]"].upper(), "", session=f"cs_test_{secrets.token_hex(12)}",
            )  # fmt: skip
            assert given["mode"] == "payment" and given["metadata[payment_id]"] == trade.payment_id
            self.trades[trade.payment_id] = self.sessions[trade.more["session"]] = trade
            return 200, self.stripe_session(trade)
        if found := re.fullmatch(r"/v1/checkout/sessions/(\w+)(/expire)?", where.path):
            trade = self.sessions[found[1]]
            expanded = "expand[0]" in given or "expand" in where.query
            if found[2]:
                if trade.state != "open":
                    return 400, {
                        "error": {
                            "type": "invalid_request_error",
                            "message": 'Only Checkout Sessions with a status in ["open"] can be expired.',
                        }
                    }
                trade.state = "closed"
            session = self.stripe_session(trade)
            if expanded and trade.state == "paid":
                charge = {"id": f"ch_{trade.transaction[3:]}", "object": "charge", "created": trade.at,
                          "amount": trade.amount, "amount_refunded": sum(trade.refunds.values())}  # fmt: skip
                session["payment_intent"] = {
                    "id": trade.transaction, "object": "payment_intent", "latest_charge": charge,
                }  # fmt: skip
            return 200, session
        if where.path == "/v1/refunds":
            trade = next(each for each in self.sessions.values() if each.transaction == given["payment_intent"])
            if sum(trade.refunds.values()) + int(given["amount"]) > trade.amount:
                return 400, {
                    "error": {"type": "invalid_request_error", "message": "Refund amount is greater than charge amount"}
                }
            assert given["metadata[payment_id]"] == trade.payment_id
            trade.refunds[given["metadata[refund_id]"]] = int(given["amount"])
            return 200, {"id": "re_1", "object": "refund", "status": "succeeded"}
        assert where.path == "/v1/balance_transactions", where.path
        asked = parse_qs(where.query)
        begin, end = int(asked["created[gte]"][0]), int(asked["created[lt]"][0])
        rows = [row for row in self.stripe_rows() if begin <= row["created"] < end]
        first = [row["id"] for row in rows].index(asked["starting_after"][0]) + 1 if "starting_after" in asked else 0
        # Pages of two, so that paging is seen.
        return 200, {
            "object": "list",
            "url": "/v1/balance_transactions",
            "data": rows[first : first + 2],
            "has_more": len(rows) > first + 2,
        }

    def stripe_rows(self):
        rows = []
        for trade in self.sessions.values():
            if trade.state != "paid":
                continue
            charge = {
                "id": f"ch_{trade.transaction[3:]}", "object": "charge", "amount": trade.amount, "currency": trade.currency.lower(),
                "payment_intent": trade.transaction, "metadata": {"payment_id": trade.payment_id},
            }  # fmt: skip
            fee = trade.amount * 15 // 1000 + 25
            rows.append({"id": f"txn_{trade.transaction[3:]}", "object": "balance_transaction", "type": "charge", "amount": trade.amount,
                         "currency": trade.currency.lower(), "fee": fee, "created": trade.at, "source": charge})  # fmt: skip
            for number, part in trade.refunds.items():
                back = self.stripe_refund(trade, number)
                rows.append({"id": f"txn_{number}", "object": "balance_transaction", "type": "refund", "amount": -part,
                             "currency": trade.currency.lower(), "fee": 0, "created": trade.at, "source": back})  # fmt: skip
        rows += self.payouts
        return rows

    def stripe_refund(self, trade, number, status="succeeded"):
        """A refund; one whose number begins with `re_` was made in Stripe's own pages, and bears no marks."""
        own = number.startswith("re_")
        return {
            "id": number if own else f"re_{number[:20]}", "object": "refund", "amount": trade.refunds[number],
            "currency": trade.currency.lower(), "charge": f"ch_{trade.transaction[3:]}", "status": status,
            "payment_intent": trade.transaction,
            "metadata": {} if own else {"payment_id": trade.payment_id, "refund_id": number},
        }  # fmt: skip

    def stripe_dispute(self, trade, number="dp_1", status="needs_response", amount=None):
        """A dispute of a card payment: nothing in it is of ours."""
        return {
            "id": number, "object": "dispute", "amount": amount or trade.amount, "currency": trade.currency.lower(),
            "charge": f"ch_{trade.transaction[3:]}", "payment_intent": trade.transaction, "status": status,
            "reason": "fraudulent", "metadata": {},
        }  # fmt: skip

    def stripe_row(self, kind, amount, at, source=None, fee=0, number=None, currency="cny", description=None):
        """Something else that moves money: of a type of balance transactions."""
        row = {
            "id": number or f"txn_{secrets.token_hex(8)}", "object": "balance_transaction", "type": kind, "amount": amount,
            "currency": currency, "fee": fee, "created": at, "source": source, "description": description,
        }  # fmt: skip
        self.payouts.append(row)
        return row

    def stripe_event(self, kind, told, secret=None):
        """(body, headers) of an event about any object."""
        at = int(time.time())
        text = json.dumps(
            {"id": f"evt_{secrets.token_hex(8)}", "object": "event", "api_version": "2025-01-01", "created": at, "type": kind,
             "data": {"object": told}}
        )  # fmt: skip
        signed = hmac.new((secret or self.STRIPE_SECRET).encode(), f"{at}.{text}".encode(), hashlib.sha256).hexdigest()
        return text.encode(), {"Content-Type": "application/json", "Stripe-Signature": f"t={at},v1={signed}"}

    def stripe_session(self, trade):
        return {
            "id": trade.more["session"], "object": "checkout.session", "client_reference_id": trade.payment_id,
            "amount_total": trade.amount, "currency": trade.currency.lower(), "created": int(time.time()),
            "payment_status": "paid" if trade.state == "paid" else "unpaid", "metadata": {"payment_id": trade.payment_id},
            "status": {"open": "open", "paid": "complete", "closed": "expired"}[trade.state],
            "payment_intent": trade.transaction or None, "url": f"{self.address}/checkout/{trade.more['session']}",
        }  # fmt: skip

    def stripe_callback(self, trade, event="checkout.session.completed", at=None, secret=None, **changes):
        at = at or int(time.time())
        text = json.dumps(
            {"id": f"evt_{secrets.token_hex(8)}", "object": "event", "api_version": "2025-01-01", "created": at, "type": event,
             "data": {"object": {**self.stripe_session(trade), **changes}}}
        )  # fmt: skip
        signed = hmac.new((secret or self.STRIPE_SECRET).encode(), f"{at}.{text}".encode(), hashlib.sha256).hexdigest()
        return text.encode(), {"Content-Type": "application/json", "Stripe-Signature": f"t={at},v1={signed}"}

    # -- calling back -----------------------------------------------------------------------------------------------------

    def callback(self, trade, **changes):
        """(body, headers) of a callback of whichever provider."""
        return getattr(self, f"{trade.provider}_callback")(trade, **changes)

    def pay(self, payment, at=None):
        """The payer pays, now or at a second since 1970. `payment`: as the server keeps it."""
        if payment.payment_id not in self.trades and payment.merchant.provider == "alipay":
            urllib.request.urlopen(payment.link, timeout=30).read()
        with self.lock:
            trade = self.trades[payment.payment_id]
            trade.pay(at)
        return trade

    def bill(self, day, provider="wechat", fee="0.6"):
        """Write the settlement file of a day: all that was paid until now, and sent back of it. Stripe has none."""
        if provider == "stripe":
            return
        self.bills[f"{day}"] = (self._wechat_bill if provider == "wechat" else self._alipay_bill)(Decimal(fee) / 100)

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
                values = [at, self.APPID, self.MCHID, "0", "", trade.transaction, trade.payment_id, "oUpF8", "NATIVE", state, "OTHERS",
                          "CNY", settled, "0.00", theirs, ours, asked, "0.00", "", "", "电费, 三号", "", cost,
                          "0.60%", amount, asked, ""]  # fmt: skip
                lines.append(
                    ",".join("`" + (f'"{value}"' if "," in value else value) for value in values).replace('`"', '"`')
                )
        return "\r\n".join([*lines, "总交易单数,应结订单总金额,退款总金额", "`1,`0.00,`0.00"])

    def _alipay_bill(self, fee):
        lines = ["#支付宝业务明细查询", "#账号：[20881]", "#-----业务明细列表-----",
                 (
            "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,"
            "终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,"
            "支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
            "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
        )]  # fmt: skip
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


def send(url, body, headers):
    """POST a callback; (status, body)."""
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, body, headers, method="POST"), timeout=30)
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    return answer.status, answer.read()
