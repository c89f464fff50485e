"""A local HTTP server on which the players beside this file play WeChat Pay, Alipay and Stripe by their published rules: it
checks how requests are signed, signs what it answers and calls back, and can misbehave as real providers and strangers do.
"""

import json
import threading
import urllib.error
import urllib.request
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.server.notices.players.wechat import WeChatServer
from tests.server.payments.players.alipay import AlipayPlayer
from tests.server.payments.players.keys import new_key
from tests.server.payments.players.stripe import StripePlayer
from tests.server.payments.players.stripe_cards import StripeCards
from tests.server.payments.players.wechat import WeChatPlayer
from tests.server.payments.players.wechat_contracts import WeChatContracts

METHODS = {"wechat": "native", "alipay": "wap", "stripe": "checkout"}
"""The providers, and the way of paying that the tests take at each."""


class Providers(WeChatPlayer, AlipayPlayer, StripePlayer):
    """The three providers, the keys of one merchant account with each, and the server they listen on."""

    def __init__(self):
        self.merchant_key, self.wechat_key, self.app_key, self.alipay_key = (new_key() for _ in range(4))
        self.trades, self.asked, self.sessions, self.bills, self.faults = {}, [], {}, {}, []
        self.payouts = []
        """Balance transactions of Stripe's beside charges and refunds."""
        self.stripe_cards, self.contracts = StripeCards(self), WeChatContracts(self)
        self._idempotent, self._tokens, self.used_codes = {}, {}, set()
        self.messages = WeChatServer(self.MINI_APPID, self.MINI_SECRET)
        """What the mini program's messages are sent by."""
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

    @property
    def with_wechat(self):
        """The same with WeChat's own API, for log-ins and messages of the mini program."""
        return {**self.addresses, "wechat-api": self.address}

    def settings(self, provider, certificates=False):
        """What a merchant types in."""
        if provider == "wechat":
            return self.wechat_settings(certificates)
        return self.alipay_settings() if provider == "alipay" else self.stripe_settings()

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
                if fault == "lose":
                    # The provider does what it is asked; its answer is lost on the way.
                    self._done(handler, where, body)
                    handler.close_connection = True
                    handler.connection.close()
                    return
                status, content, headers = fault
            else:
                status, content, headers = self._done(handler, where, body)
        content = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _done(self, handler, where, body):
        """(status, answer, headers) of a request that is done by whoever it is for."""
        if where.path.startswith(("/v3/", "/sns/", "/cgi-bin/")):
            return self._wechat(handler, where, body)
        if where.path.startswith(("/papay/", "/pay/")):
            return self.contracts.call(where, body)
        return self._stripe(handler, where, body) if where.path.startswith("/v1/") else self._alipay(where)

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


def send(url, body, headers):
    """POST a callback; (status, body)."""
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, body, headers, method="POST"), timeout=30)
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    return answer.status, answer.read()
