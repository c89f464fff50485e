"""What django-allauth asks prewatt: who a phone number belongs to, how a code or a letter gets to people, how often somebody
may try, and what is said.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..core.addresses import asker, public
from ..core.credential_fields import seal, unseal
from ..core.phone_numbers import read_phone
from . import phones
from .carrying import code_letter, plain_letter, send_soon
from .devices import device
from .first_password import FIRST
from .happenings import What, note, tell_former
from .sent_codes import digits_of, new_name
from .tries import Tries, user_named

_SAID = {
    "account/messages/password_changed.txt": _("Your password is changed. All your other log-ins have ended."),
    "account/messages/password_set.txt": _("Your password is set. All your other log-ins have ended."),
    "account/messages/email_confirmation_sent.txt": _(
        "We have sent you an e-mail. Follow the link in it within 3 days."
    ),
    "account/messages/email_confirmed.txt": _("Your e-mail address is confirmed."),
    "account/messages/email_deleted.txt": _("The e-mail address is removed."),
    "account/messages/phone_verified.txt": _("Your phone number is confirmed. From now on you can log in with it."),
    "mfa/messages/totp_activated.txt": _("The authenticator app is set up."),
    "mfa/messages/totp_deactivated.txt": _("The authenticator app is removed."),
    "mfa/messages/recovery_codes_generated.txt": _("There are new recovery codes. The old ones are no longer valid."),
    "mfa/messages/webauthn_added.txt": _("The passkey is added."),
    "mfa/messages/webauthn_removed.txt": _("The passkey is removed."),
}
"""What people are told after something was done, by the library's name of the text. About anything else they are told nothing."""


class PhoneField(forms.CharField):
    """The field for a phone number. A number without a country is read as one of the country in which all buildings are."""

    def __init__(self, **named: Any) -> None:
        named.setdefault("label", _("Phone number"))
        named.setdefault("max_length", 40)
        super().__init__(**named)

    def clean(self, value: Any) -> str:
        """Return the number in its one form, +49…; empty if none was typed. Raises ValidationError."""
        text = super().clean(value)
        try:
            return read_phone(text, phones.country()) if text else ""
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class AccountAdapter(DefaultAccountAdapter):
    """Logins by name, e-mail address or phone number."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        **{
            f"{way}_password_mismatch": _("This name and password do not match.")
            for way in ("username", "email", "phone")
        },
        "incorrect_code": _("This code is not the one that was sent, or it is too old."),
        "incorrect_password": _("This password is not right."),
        "enter_current_password": _("This is not your present password."),
        "too_many_login_attempts": _("Too many wrong codes. Ask for a new one."),
        "invalid_password_reset": _("This link was used already, or it is too old. Ask for a new one."),
        "same_as_current": _("This is your phone number already."),
    }

    # -- tries --

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any | None:
        """Return the user with this name and password; None if there is no such user. Raises ValidationError if the
        asker has to wait; then the password is not checked.
        """
        typed = str(credentials.get("username") or credentials.get("email") or credentials.get("phone") or "")
        tries = Tries("log-in", request, user_named(typed), typed)
        tries.check()
        user = super().authenticate(request, **credentials)
        tries.right() if user is not None else tries.wrong()
        return user

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address of the person who asks."""
        return asker(request) or "0.0.0.0"  # noqa: S104

    def get_http_user_agent(self, request: HttpRequest) -> str:
        """Return the browser's name, as it is kept with a session."""
        return device(request)

    # -- what is said --

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,  # noqa: ARG002
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Say something on the next page, in our words."""
        said = message or _SAID.get(message_template or "")
        if said:
            messages.add_message(request, level, str(said), extra_tags=extra_tags)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return the page that is shown after the password was changed; if it was a first password, the first page."""
        return reverse("web:home" if request.session.get(FIRST) else "sign_in:account")

    def get_email_verification_redirect_url(self, email_address: Any) -> str:  # noqa: ARG002
        """Return the page that is shown after an e-mail address was confirmed."""
        return reverse("sign_in:account" if self.request.user.is_authenticated else "account_login")

    # -- e-mail --

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send an e-mail by the account of the user's landlord. Nothing is sent if no landlord has one."""
        user = context.get("user") or self.request.user
        values = {**context, "email": email}
        if "code" in context:
            values["code"] = digits_of(context["code"])
        title = " ".join(render_to_string(f"{template_prefix}_subject.txt", values).split())
        text = render_to_string(f"{template_prefix}_message.txt", values).strip()
        send_soon(lambda: plain_letter(user, "email", email, title, text))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the address of the link to a new password. `key`: the user's name in links, `-`, and the secret."""
        whose, _sign, secret = key.partition("-")
        return public(reverse("account_reset_password_from_key", kwargs={"uidb36": whose, "key": secret}))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:  # noqa: ARG002
        """Return the address of the link that confirms an e-mail address."""
        return public(reverse("account_confirm_email", args=[emailconfirmation.key]))

    # -- codes --

    def generate_login_code(self) -> str:
        """Return the name of a new code. The session keeps the name; the digits of the code are sent."""
        return new_name()

    def generate_phone_verification_code(self, *, user: Any, phone: str) -> str:  # noqa: ARG002
        """Return the name of a new code for a phone, as `generate_login_code` does."""
        return new_name()

    # -- phone --

    def phone_form_field(self, **named: Any) -> PhoneField:
        """Return the field that a phone number is typed in."""
        return PhoneField(**named)

    def get_user_by_phone(self, phone: str) -> Any | None:
        """Return the user who has proven a number; None if nobody has."""
        return phones.user_of(phone)

    def get_phone(self, user: Any) -> tuple[str, bool] | None:
        """Return a user's number, which is proven; None if there is none."""
        number = phones.number_of(user)
        return (number, True) if number else None

    def set_phone(self, user: Any, phone: str, verified: bool) -> None:
        """Keep a number that was proven. A number that was not proven is not kept."""
        if verified:
            self.set_phone_verified(user, phone)

    def set_phone_verified(self, user: Any, phone: str) -> None:
        """Keep a number that was proven. If it is a new one, tell the user, the user who had it before, and the former number."""
        before = phones.number_of(user)
        if before == phone:
            return
        for loser in phones.keep(user, phone):
            note(loser, What.PHONE)
        note(user, What.PHONE)
        if before:
            tell_former(user, "sms", before, What.PHONE)

    def is_reauthentication_required(self, *, app: str, **named: Any) -> bool:
        """Return whether the user must show again who they are. It is False for a user who has nothing to show it with."""
        return bool(get_reauthentication_flows(self.request.user)) and super().is_reauthentication_required(
            app=app, **named
        )

    def send_verification_code_sms(self, user: Any, phone: str, code: str, **named: Any) -> None:  # noqa: ARG002
        """Send a code to a number."""
        send_soon(lambda: code_letter(user, phone, digits_of(code)))

    def send_unknown_account_sms(self, phone: str, **named: Any) -> None:
        """Send nothing to a number that nobody logs in with."""

    def send_account_already_exists_sms(self, phone: str) -> None:
        """Send nothing: nobody signs up here."""


class FactorAdapter(DefaultMFAAdapter):
    """Second factors. Their secrets are sealed in the database."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not right. Codes change every 30 seconds, and each can be used once."),
    }

    def encrypt(self, text: str) -> str:
        """Return a secret as the database keeps it."""
        return seal("second factor", {"secret": text}).hex()

    def decrypt(self, encrypted_text: str) -> str:
        """Return a secret that was kept. Raises SealError if another server sealed it."""
        return unseal("second factor", bytes.fromhex(encrypted_text))["secret"]

    def get_totp_issuer(self) -> str:
        """Return the name under which an authenticator app shows the login."""
        return "prewatt"

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:  # noqa: A002, ARG002
        """Return the name that a new passkey is given if nobody types one: that of the browser."""
        return device(context.request) or str(_("Passkey"))
