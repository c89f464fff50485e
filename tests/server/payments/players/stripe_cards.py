"""Plays Stripe's saved cards: a session in which a card is given, and payments without its owner.

Rules: https://docs.stripe.com/api/checkout/sessions, https://docs.stripe.com/api/payment_intents
"""

import re
import secrets
import time

from tests.server.payments.players.trade import Trade

DECLINED = "Your card was declined."


class StripeCards:
    """The cards, and what is asked for by them. `refuses`: what the bank says to the next payments, such as `card_declined`."""

    def __init__(self, outer):
        self._outer, self.sessions, self.detached, self.refuses, self.charges = outer, {}, set(), "", []

    def call(self, where, given):
        """(status, answer) of a request."""
        if where.path == "/v1/customers":
            return 200, {"id": f"cus_{secrets.token_hex(6)}", "object": "customer"}
        if where.path == "/v1/checkout/sessions":
            return 200, self._ask(given)
        if found := re.fullmatch(r"/v1/payment_methods/(\w+)/detach", where.path):
            if found[1] in self.detached:
                return 400, {"error": {"type": "invalid_request_error", "message": "It is not attached."}}
            self.detached.add(found[1])
            return 200, {"id": found[1], "object": "payment_method"}
        if where.path == "/v1/payment_intents":
            return self._charge(given)
        found = re.fullmatch(r"/v1/payment_intents/(\w+)", where.path)
        return 200, self.intent(next(each for each in self._trades() if each.transaction == found[1]))

    def _trades(self):
        return [each for each in self._outer.trades.values() if each.more.get("by_card")]

    def _ask(self, given):
        assert given["allowed_payment_method_types[0]"] == "card" and given["customer"].startswith("cus_")
        session = {
            "id": f"cs_setup_{secrets.token_hex(6)}",
            "object": "checkout.session",
            "mode": "setup",
            "status": "open",
            "client_reference_id": given["client_reference_id"],
            "customer": given["customer"],
            "setup_intent": {"id": "seti_1", "object": "setup_intent", "status": "requires_payment_method"},
            "metadata": {"saving_id": given["metadata[saving_id]"]},
        }
        session["url"] = f"{self._outer.address}/setup/{session['id']}"
        self.sessions[session["id"]] = session
        return session

    def give_card(self, reference, last="4242"):
        """The payer gives a card in a session; its id."""
        method = {
            "id": f"pm_{secrets.token_hex(6)}",
            "object": "payment_method",
            "type": "card",
            "card": {"brand": "visa", "last4": last},
        }
        done = {"id": "seti_1", "object": "setup_intent", "status": "succeeded", "payment_method": method}
        self.sessions[reference].update(status="complete", setup_intent=done)
        return method["id"]

    def _charge(self, given):
        assert given["off_session"] == given["confirm"] == given["error_on_requires_action"] == "true"
        self.charges.append(given["metadata[payment_id]"])
        if given["payment_method"] in self.detached:
            return 400, {"error": {"type": "invalid_request_error", "message": "It was detached.", "code": "gone"}}
        if self.refuses:
            return 402, {"error": {"type": "card_error", "code": self.refuses, "message": DECLINED}}
        trade = Trade(
            "stripe",
            given["metadata[payment_id]"],
            int(given["amount"]),
            given["currency"].upper(),
            "",
            session=f"by_card_{len(self.charges)}",
            by_card=True,
        )
        trade.pay()
        self._outer.trades[trade.payment_id] = self._outer.sessions[trade.more["session"]] = trade
        return 200, self.intent(trade)

    def intent(self, trade):
        """A payment as Stripe shows it."""
        charge = {
            "id": f"ch_{trade.transaction[3:]}",
            "object": "charge",
            "created": trade.at,
            "amount": trade.amount,
            "amount_refunded": sum(trade.refunds.values()),
        }
        return {
            "id": trade.transaction,
            "object": "payment_intent",
            "status": "succeeded",
            "amount_received": trade.amount,
            "currency": trade.currency.lower(),
            "created": int(time.time()),
            "latest_charge": charge,
            "metadata": {"payment_id": trade.payment_id, "by": "saved"},
        }
