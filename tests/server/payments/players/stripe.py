"""Plays Stripe by its published rules: https://docs.stripe.com/api, https://docs.stripe.com/webhooks."""

import hashlib
import hmac
import json
import re
import secrets
import time
from urllib.parse import parse_qs, parse_qsl

from tests.server.payments.players.trade import Trade


class StripePlayer:
    """Stripe's side of the server."""

    STRIPE_KEY, STRIPE_SECRET = "sk_test_51Nabcdef", "whsec_abcdefghijkl"

    def stripe_settings(self):
        """What a merchant types in."""
        return {"api_key": self.STRIPE_KEY, "webhook_secret": self.STRIPE_SECRET}

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
        if where.path.startswith(("/v1/customers", "/v1/payment_intents", "/v1/payment_methods")) or (
            where.path == "/v1/checkout/sessions" and given["mode"] == "setup"
        ):
            return self.stripe_cards.call(where, given)
        if (found := re.fullmatch(r"/v1/checkout/sessions/(\w+)", where.path)) and found[
            1
        ] in self.stripe_cards.sessions:
            return 200, self.stripe_cards.sessions[found[1]]
        if where.path == "/v1/checkout/sessions":
            trade = Trade(
                "stripe",
                given["client_reference_id"],
                int(given["line_items[0][price_data][unit_amount]"]),
                given["line_items[0][price_data][currency]"].upper(),
                "",
                session=f"cs_test_{secrets.token_hex(12)}",
            )
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
                charge = {
                    "id": f"ch_{trade.transaction[3:]}",
                    "object": "charge",
                    "created": trade.at,
                    "amount": trade.amount,
                    "amount_refunded": sum(trade.refunds.values()),
                }
                session["payment_intent"] = {
                    "id": trade.transaction,
                    "object": "payment_intent",
                    "latest_charge": charge,
                }
            return 200, session
        if where.path == "/v1/refunds" and where.query:
            intent = parse_qs(where.query)["payment_intent"][0]
            trade = next(each for each in self.sessions.values() if each.transaction == intent)
            rows = [self.stripe_refund(trade, number) for number in trade.refunds]
            return 200, {"object": "list", "url": "/v1/refunds", "data": rows, "has_more": False}
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
                "id": f"ch_{trade.transaction[3:]}",
                "object": "charge",
                "amount": trade.amount,
                "currency": trade.currency.lower(),
                "payment_intent": trade.transaction,
                "metadata": {"payment_id": trade.payment_id},
            }
            fee = trade.amount * 15 // 1000 + 25
            rows.append(
                {
                    "id": f"txn_{trade.transaction[3:]}",
                    "object": "balance_transaction",
                    "type": "charge",
                    "amount": trade.amount,
                    "currency": trade.currency.lower(),
                    "fee": fee,
                    "created": trade.at,
                    "source": charge,
                }
            )
            for number, part in trade.refunds.items():
                back = self.stripe_refund(trade, number)
                rows.append(
                    {
                        "id": f"txn_{number}",
                        "object": "balance_transaction",
                        "type": "refund",
                        "amount": -part,
                        "currency": trade.currency.lower(),
                        "fee": 0,
                        "created": trade.at,
                        "source": back,
                    }
                )
        rows += self.payouts
        return rows

    def stripe_refund(self, trade, number, status="succeeded"):
        """A refund; one whose number begins with `re_` was made in Stripe's own pages, and bears no marks."""
        own = number.startswith("re_")
        return {
            "id": number if own else f"re_{number[:20]}",
            "object": "refund",
            "amount": trade.refunds[number],
            "currency": trade.currency.lower(),
            "charge": f"ch_{trade.transaction[3:]}",
            "status": status,
            "payment_intent": trade.transaction,
            "metadata": {} if own else {"payment_id": trade.payment_id, "refund_id": number},
        }

    def stripe_dispute(self, trade, number="dp_1", status="needs_response", amount=None):
        """A dispute of a card payment: nothing in it is of ours."""
        return {
            "id": number,
            "object": "dispute",
            "amount": amount or trade.amount,
            "currency": trade.currency.lower(),
            "charge": f"ch_{trade.transaction[3:]}",
            "payment_intent": trade.transaction,
            "status": status,
            "reason": "fraudulent",
            "metadata": {},
        }

    def stripe_row(self, kind, amount, at, source=None, fee=0, number=None, currency="cny", description=None):
        """Something else that moves money: of a type of balance transactions."""
        row = {
            "id": number or f"txn_{secrets.token_hex(8)}",
            "object": "balance_transaction",
            "type": kind,
            "amount": amount,
            "currency": currency,
            "fee": fee,
            "created": at,
            "source": source,
            "description": description,
        }
        self.payouts.append(row)
        return row

    def stripe_event(self, kind, told, secret=None):
        """(body, headers) of an event about any object."""
        at = int(time.time())
        text = json.dumps(
            {
                "id": f"evt_{secrets.token_hex(8)}",
                "object": "event",
                "api_version": "2025-01-01",
                "created": at,
                "type": kind,
                "data": {"object": told},
            }
        )
        signed = hmac.new((secret or self.STRIPE_SECRET).encode(), f"{at}.{text}".encode(), hashlib.sha256).hexdigest()
        return text.encode(), {"Content-Type": "application/json", "Stripe-Signature": f"t={at},v1={signed}"}

    def stripe_session(self, trade):
        return {
            "id": trade.more["session"],
            "object": "checkout.session",
            "client_reference_id": trade.payment_id,
            "amount_total": trade.amount,
            "currency": trade.currency.lower(),
            "created": int(time.time()),
            "payment_status": "paid" if trade.state == "paid" else "unpaid",
            "metadata": {"payment_id": trade.payment_id},
            "status": {"open": "open", "paid": "complete", "closed": "expired"}[trade.state],
            "payment_intent": trade.transaction or None,
            "url": f"{self.address}/checkout/{trade.more['session']}",
        }

    def stripe_callback(self, trade, event="checkout.session.completed", at=None, secret=None, **changes):
        at = at or int(time.time())
        text = json.dumps(
            {
                "id": f"evt_{secrets.token_hex(8)}",
                "object": "event",
                "api_version": "2025-01-01",
                "created": at,
                "type": event,
                "data": {"object": {**self.stripe_session(trade), **changes}},
            }
        )
        signed = hmac.new((secret or self.STRIPE_SECRET).encode(), f"{at}.{text}".encode(), hashlib.sha256).hexdigest()
        return text.encode(), {"Content-Type": "application/json", "Stripe-Signature": f"t={at},v1={signed}"}
