"""The library's forms, which here also limit how often somebody may try."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account import forms as account
from allauth.core import context
from allauth.mfa.base import forms as factor
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkey
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ..accounts.throttles import failed, waits
from ..metering.locking import for_update
from . import phones
from .adapter import AccountAdapter, FactorAdapter
from .happenings import What, note
from .sent_codes import digits_of
from .sessions import begin
from .tries import Tries, ask_for_code, user_named

log = logging.getLogger("prewatt.sign_in")
LONGEST, LONGEST_ANSWER = 1_000, 20_000
"""The most characters of a name or a password, and of the answer of a passkey. Longer ones are refused before
they are checked, because to hash them would cost too much."""


class LoginForm(account.LoginForm):
    """Name, e-mail address or phone number, and password. The first is posted as `username`."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        for field in self.fields.values():
            field.validators.append(MaxLengthValidator(LONGEST))

    def add_prefix(self, field_name: str) -> str:
        """Return the name under which a field is posted."""
        return str(super().add_prefix("username" if field_name == "login" else field_name))

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Let somebody in, for as long as `sessions.begin` says for this user: the library has one time for all."""
        answer: HttpResponse = super().login(request, redirect_url)
        if request.user.is_authenticated:
            begin(request, request.user)
        return answer

    def user_credentials(self) -> dict[str, str]:
        """Return the credentials that were typed, by kind (`username`, `phone`, `password`, …); a phone number in its one form."""
        credentials: dict[str, str] = super().user_credentials()
        if "phone" in credentials:
            credentials["phone"] = AccountAdapter().phone_form_field().clean(credentials["phone"])
        return credentials


class RequestCodeForm(account.RequestLoginCodeForm):
    """The phone number, or the e-mail address, that a code is sent to."""

    def clean(self) -> dict[str, Any]:
        """Return what was typed. Raises ValidationError if it is neither a number nor an address."""
        values: dict[str, Any] = super().clean()
        if not self.errors and not values.get("phone") and not values.get("email"):
            raise ValidationError(_("Type your phone number or your e-mail address."))
        return values

    def clean_phone(self) -> str:
        """Return the number. Raises ValidationError if too many codes were asked for."""
        number = str(self.cleaned_data["phone"])
        if number:
            ask_for_code(context.request, phones.name_of(number), phones.user_of(number))
        return str(super().clean_phone())

    def clean_email(self) -> str:
        """Return the address. Raises ValidationError if too many codes were asked for."""
        if self.cleaned_data["email"]:
            ask_for_code(context.request, self.cleaned_data["email"], user_named(self.cleaned_data["email"]))
        return str(super().clean_email())


class ResetPasswordForm(account.ResetPasswordForm):
    """The e-mail address that a link to a new password is sent to. A link is sent only to an address that was proven."""

    def clean_email(self) -> str:
        """Return the address. Raises ValidationError if too many links were asked for."""
        address = self.cleaned_data["email"].lower()
        ask_for_code(context.request, address, user_named(address))
        email = str(super().clean_email())
        users: list[Any] = self.users  # type: ignore[has-type]
        self.users = [each for each in users if each.emailaddress_set.filter(email=email, verified=True).exists()]
        return email


class ChangePasswordForm(account.ChangePasswordForm):
    """A new password, and the present one. Whoever finds a browser that was left open can guess no faster than at the log-in."""

    def clean_oldpassword(self) -> str:
        """Return the present password. Raises ValidationError if it is wrong, or the asker has to wait."""
        tries = Tries("log-in", context.request, self.user)
        tries.check()
        password = str(super().clean_oldpassword())
        tries.right()
        return password


class ReauthenticationCodeForm(account.RequestReauthenticationCodeForm):
    """The choice of one's own number or address that a code is sent to."""

    def clean_recipient(self) -> str:
        """Return where the code goes. Raises ValidationError if too many codes were asked for."""
        recipient = str(self.cleaned_data["recipient"])
        address = recipient if "@" in recipient else phones.name_of(recipient)
        ask_for_code(context.request, address, context.request.user)
        return recipient


class ChangePhoneForm(account.ChangePhoneForm):
    """A new phone number to log in with; a code goes to it."""

    def clean_phone(self) -> str:
        """Return the number. Raises ValidationError if it is the present one, or too many codes were asked for."""
        if self.cleaned_data["phone"] == self.phone:
            raise AccountAdapter().validation_error("same_as_current")
        ask_for_code(context.request, phones.name_of(self.cleaned_data["phone"]))
        return str(self.cleaned_data["phone"])


class _SentCode:
    """A code that was sent. The library counts wrong ones in the session, which many requests at once read before one of them
    has written it: so each try is counted before it is looked at.
    """

    expected_code: str | None
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        """Return the code. Raises ValidationError if it is wrong, or there were too many tries."""
        key = f"{context.request.session.session_key} {self.expected_code}"
        failed("sent code", key)
        if waits("sent code", key):
            raise AccountAdapter().validation_error("too_many_login_attempts")
        if self.expected_code:
            self.expected_code = digits_of(self.expected_code)
        return str(account.BaseConfirmCodeForm.clean_code(self))  # type: ignore[arg-type]


class ConfirmCodeForm(_SentCode, account.ConfirmLoginCodeForm):
    """The code with which somebody logs in."""


class ConfirmAgainForm(_SentCode, account.ConfirmReauthenticationCodeForm):
    """The code before something that matters."""


class VerifyPhoneForm(_SentCode, account.VerifyPhoneForm):
    """The code that went to a new number. It does not matter who had the number before: it belongs to whoever proves it now."""


class _CodeTries:
    """Codes of an authenticator app, and recovery codes: wrong ones are counted, and none is taken twice."""

    user: Any
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        """Return the code. Raises ValidationError if it is wrong, was used, or the asker has to wait."""
        tries = Tries("code", context.request, self.user)
        tries.check()
        try:
            code = str(super().clean_code())  # type: ignore[misc]
            _spend(self.authenticator, code)  # type: ignore[attr-defined]
        except ValidationError:
            tries.wrong()
            if _is_spent(self.user, self.cleaned_data["code"]):
                note(self.user, What.CODE_TWICE)
            raise
        tries.right()
        return code


class FactorForm(_CodeTries, factor.AuthenticateForm):
    """The second factor at the log-in."""


class FactorAgainForm(_CodeTries, factor.ReauthenticateForm):
    """The second factor before something that matters."""


class ActivateTOTPForm(totp.ActivateTOTPForm):
    """The first code of a new authenticator app."""

    def clean_code(self) -> str:
        """Return the code. Raises ValidationError if it is wrong, or the asker has to wait."""
        tries = Tries("code", context.request, self.user)
        tries.check()
        try:
            code = str(super().clean_code())
        except ValidationError:
            tries.wrong()
            raise
        tries.right()
        return code


class PasskeyField(forms.JSONField):
    """The answer of a browser for a passkey: a JSON object."""

    def to_python(self, value: Any) -> Any:
        """Return the object. Raises ValidationError if it is none, or too long to be one."""
        try:
            answer = super().to_python(value) if len(value or "") <= LONGEST_ANSWER else None
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise FactorAdapter().validation_error("incorrect_code")
        return answer

    def bound_data(self, data: Any, initial: Any) -> Any:  # noqa: ARG002
        """Return nothing: an answer that was wrong is not shown again."""
        return None


class _Passkey(forms.Form):
    """A form that a passkey answers. The library raises whatever it stumbles over in an answer that is none."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["credential"] = PasskeyField(widget=forms.HiddenInput)

    def _clean_fields(self) -> None:
        """Look at each field. An answer of no passkey is a wrong one."""
        try:
            super()._clean_fields()  # type: ignore[misc]
        except Exception as error:
            log.info("an answer of no passkey (%s)", type(error).__name__)
            self.add_error("credential", FactorAdapter().validation_error("incorrect_code"))

    def _clean_form(self) -> None:
        """Look at the whole, as at each field."""
        try:
            super()._clean_form()  # type: ignore[misc]
        except Exception as error:
            log.info("an answer of no passkey (%s)", type(error).__name__)
            self.add_error("credential", FactorAdapter().validation_error("incorrect_code"))


class PasskeyLoginForm(_Passkey, passkey.LoginWebAuthnForm):
    """A passkey logs in alone."""


class PasskeyFactorForm(_Passkey, passkey.AuthenticateWebAuthnForm):
    """A passkey as the second factor."""


class PasskeyAgainForm(_Passkey, passkey.ReauthenticateWebAuthnForm):
    """A passkey before something that matters."""


class AddPasskeyForm(_Passkey, passkey.AddWebAuthnForm):
    """A new passkey."""


@transaction.atomic
def _spend(authenticator: Authenticator, code: str) -> None:
    """Note that a code of an authenticator app was used. The library notes it in the memory of one process, and there are
    several. Raises ValidationError if it was used already.
    """
    if authenticator.type != Authenticator.Type.TOTP:
        return
    row = for_update(Authenticator.objects).get(pk=authenticator.pk)
    # The present code, and the one before and after it, are taken: the last three are enough to know a second use.
    spent = row.data.get("spent", [])
    if code in spent:
        raise FactorAdapter().validation_error("incorrect_code")
    row.data = {**row.data, "spent": [*spent, code][-3:]}
    row.save(update_fields=["data"])
    authenticator.data = row.data


def _is_spent(user: Any, code: str) -> bool:
    """Return whether a code of a user's app was used already."""
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    return row is not None and code in row.data.get("spent", [])
