"""The addresses of the doors. Most pages are the library's (django-allauth), which calls them by names of its own."""

from allauth.account import views as account
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkey
from django.urls import URLPattern, URLResolver, include, path

from . import happenings, views
from .forms import ReauthenticationCodeForm

# Here and not when a process starts: only pages let people in.
happenings.listen()

OWN: list[URLPattern | URLResolver] = [
    path("join/", include(("prewatt.server.sign_in.join.urls", "join"))),
    path("account/", views.account, name="account"),
    path("account/password/new/", views.new_password, name="new_password"),
    path("account/phone/forget/", views.forget_phone, name="forget_phone"),
    path("account/sessions/<int:pk>/end/", views.end_session, name="end_session"),
    path("account/sessions/end-others/", views.end_others, name="end_others"),
]
urlpatterns = [
    path("", include((OWN, "sign_in"))),
    path("login/", account.login, name="account_login"),
    path("login/closed/", account.account_inactive, name="account_inactive"),
    path("login/code/", account.request_login_code, name="account_request_login_code"),
    path("login/code/confirm/", account.confirm_login_code, name="account_confirm_login_code"),
    path("login/factor/", factor.authenticate, name="mfa_authenticate"),
    path("login/passkey/", passkey.login_webauthn, name="mfa_login_webauthn"),
    path("logout/", account.LogoutView.as_view(http_method_names=["post", "options"]), name="account_logout"),
    path("password/", account.password_reset, name="account_reset_password"),
    path("password/sent/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "password/links/<slug:uidb36>/keys/<slug:key>/",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/password/set/", account.password_set, name="account_set_password"),
    path("account/email/", account.email, name="account_email"),
    path("account/email/sent/", account.email_verification_sent, name="account_email_verification_sent"),
    path("account/email/keys/<slug:key>/", account.confirm_email, name="account_confirm_email"),
    path("account/phone/", account.change_phone, name="account_change_phone"),
    path("account/phone/verify/", account.verify_phone, name="account_verify_phone"),
    path("account/again/", account.reauthenticate, name="account_reauthenticate"),
    path(
        "account/again/code/",
        account.RequestReauthenticationCodeView.as_view(form_class=ReauthenticationCodeForm),
        name="account_request_reauthentication_code",
    ),
    path(
        "account/again/code/confirm/",
        account.confirm_reauthentication_code,
        name="account_confirm_reauthentication_code",
    ),
    path("account/again/factor/", factor.reauthenticate, name="mfa_reauthenticate"),
    path("account/again/passkey/", passkey.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/factors/", factor.index, name="mfa_index"),
    path("account/factors/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/factors/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/recovery-codes/make/", recovery_codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/recovery-codes/file/", recovery_codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("account/passkeys/", factor.index, name="mfa_list_webauthn"),
    path("account/passkeys/add/", passkey.add_webauthn, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", passkey.remove_webauthn, name="mfa_remove_webauthn"),
]
