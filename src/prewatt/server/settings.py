"""Django's settings, worked out from `config`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from ..catalogues import compile_stale
from .core.config import load_config
from .core.database_config import django_database
from .core.home_folder import enter_home
from .core.home_secrets import cookie_name, secret
from .core.languages import ENGLISH, languages
from .core.server_config import ConfigError

try:
    CONFIG = load_config()
    # Before anything in it is read or made: a copy may be half put back.
    enter_home(CONFIG)
    SECRET_KEY = secret(CONFIG)
except ConfigError as error:
    raise ImproperlyConfigured(str(error)) from None

BASE_DIR = Path(__file__).parent
# The API's library shows a page with all calls. As an app it would be loaded by each process, of which only the pages' needs it: its
# templates and files are found without.
_ninja = find_spec("ninja")
NINJA = [Path(folder) for folder in (_ninja and _ninja.submodule_search_locations) or ()]
DEBUG = False
# A gateway or a person on this machine reaches the pages whatever names the world has for them.
ALLOWED_HOSTS = [*CONFIG.hosts, "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in CONFIG.hosts]
if CONFIG.public_url:
    CSRF_TRUSTED_ORIGINS.append("{0.scheme}://{0.netloc}".format(urlsplit(CONFIG.public_url)))
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# If the world reaches the pages by https, then nobody by anything else: a login in plain text is a login for all who listen.
HTTPS = CONFIG.public_url.startswith("https://")
SECURE_SSL_REDIRECT = HTTPS
SECURE_SSL_HOST = urlsplit(CONFIG.public_url).netloc or None
# Gateways of the own network reach the server beside the proxy; what they send is enciphered or signed, or on their own machine.
SECURE_REDIRECT_EXEMPT = [r"^api/gateways/"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# What else lies in the landlord's domain is not for us to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

INSTALLED_APPS = [
    "prewatt.server.administration.library.LibraryConfig",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "prewatt.server.estate",
    "prewatt.server.accounts",
    "prewatt.server.tasks",
    "prewatt.server.metering",
    "prewatt.server.tariffs",
    "prewatt.server.vending",
    "prewatt.server.ledger",
    "prewatt.server.allocation",
    "prewatt.server.billing",
    "prewatt.server.payments",
    "prewatt.server.notices",
    "prewatt.server.correspondence",
    "prewatt.server.privacy",
    "prewatt.server.overview",
    "prewatt.server.automatic",
    "prewatt.server.api",
    "prewatt.server.web",
    "prewatt.server.administration",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "prewatt.server.sign_in",
]
MIDDLEWARE = [
    "prewatt.server.accounts.refusals.NoteRefusals",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "prewatt.server.web.static_files.StaticFiles",
    # Compressed pages tell by their length what is in them (BREACH): the secret of forms is another one in each page, and this
    # middleware adds bytes at random.
    "django.middleware.gzip.GZipMiddleware",
    "prewatt.server.web.headers.Headers",
    "prewatt.server.web.trouble.OwnPages",
    "prewatt.server.web.once.KeepAnswers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "prewatt.server.accounts.languages.SpeakLanguage",
    "prewatt.server.core.written_as.WrittenAs",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "prewatt.server.accounts.acting.Acting",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "prewatt.server.web.collisions.AnswerCollisions",
    "allauth.account.middleware.AccountMiddleware",
    "prewatt.server.sign_in.sessions.EndSessions",
    "prewatt.server.web.gate.Gate",
    "prewatt.server.sign_in.first_password.ChangeFirstPassword",
    "prewatt.server.sign_in.leaving.AskBeforeLeaving",
    "prewatt.server.sign_in.second_factor.RequireSecondFactor",
    "prewatt.server.sign_in.again.AskAgain",
    "prewatt.server.web.once.DoOnce",
    "prewatt.server.web.visitors.TellKnown",
    "prewatt.server.web.whose.TellLogin",
]
ROOT_URLCONF = "prewatt.server.urls"
WSGI_APPLICATION = "prewatt.server.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # A template is named by its place: `console/units/unit.html`; those of the log-in as its library calls them.
        "DIRS": [BASE_DIR, BASE_DIR / "sign_in" / "templates", *(folder / "templates" for folder in NINJA)],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "prewatt.server.web.headers.nonce",
                "prewatt.server.web.gate.rights",
            ]
        },
    }
]
DATABASES = {"default": django_database(CONFIG)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# As strong as PBKDF2, the default, and several times faster to make: a building of tenants is set up in seconds.
PASSWORD_HASHERS = ["prewatt.server.accounts.password_hashing.Scrypt"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "prewatt.server.sign_in.passwords.MaximumLength"},
    {"NAME": "prewatt.server.sign_in.passwords.NotCommon"},
    {"NAME": "prewatt.server.sign_in.passwords.NotOwnData"},
    {"NAME": "prewatt.server.sign_in.telling.TellsOwner"},
    {"NAME": "prewatt.server.accounts.first_passwords.EndsFirstPassword"},
]
CSRF_FAILURE_VIEW = "prewatt.server.web.trouble.stale_form"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "web:home"
LOGOUT_REDIRECT_URL = "account_login"
# The log-in is the library django-allauth; what is prewatt's own of it lies in `sign_in`. Tries are counted by
# `accounts.throttles`, which hold across processes, and not by the library beside it.
ACCOUNT_ADAPTER = "prewatt.server.sign_in.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "phone", "password1*"]
ACCOUNT_SIGNUP_ENABLED = False
ACCOUNT_RATE_LIMITS = False
ACCOUNT_FORMS = {
    "login": "prewatt.server.sign_in.forms.LoginForm",
    "change_password": "prewatt.server.sign_in.forms.ChangePasswordForm",
    "confirm_login_code": "prewatt.server.sign_in.forms.ConfirmCodeForm",
    "confirm_reauthentication_code": "prewatt.server.sign_in.forms.ConfirmAgainForm",
    "request_login_code": "prewatt.server.sign_in.forms.RequestCodeForm",
    "reset_password": "prewatt.server.sign_in.forms.ResetPasswordForm",
    "change_phone": "prewatt.server.sign_in.forms.ChangePhoneForm",
    "verify_phone": "prewatt.server.sign_in.forms.VerifyPhoneForm",
}
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_CONFIRMATION_HMAC = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 5 * 60
ACCOUNT_PHONE_VERIFICATION_TIMEOUT = 5 * 60
MFA_ADAPTER = "prewatt.server.sign_in.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_TOLERANCE = 1
MFA_RATE_LIMITS = False
MFA_FORMS = {
    "authenticate": "prewatt.server.sign_in.forms.FactorForm",
    "reauthenticate": "prewatt.server.sign_in.forms.FactorAgainForm",
    "activate_totp": "prewatt.server.sign_in.forms.ActivateTOTPForm",
    "login_webauthn": "prewatt.server.sign_in.forms.PasskeyLoginForm",
    "authenticate_webauthn": "prewatt.server.sign_in.forms.PasskeyFactorForm",
    "reauthenticate_webauthn": "prewatt.server.sign_in.forms.PasskeyAgainForm",
    "add_webauthn": "prewatt.server.sign_in.forms.AddPasskeyForm",
}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, BROWSER_COOKIE_NAME = [
    cookie_name(name, SECRET_KEY, by_https=HTTPS) for name in ("sessionid", "csrftoken", "browser")
]
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
# Some messages hold a password, a PIN or a code, which a cookie would leave in the browser's store.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_SAMESITE = "Lax"
LANGUAGE_CODE = ENGLISH
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGES = languages(*LOCALE_PATHS)
# An installation has them already; who works at the sources, or at a translation, has them anew at each start.
compile_stale(*LOCALE_PATHS)
LANGUAGE_COOKIE_NAME = f"{'__Host-' if HTTPS else ''}language"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
# What the pages of a way to pay run lies in its provider's folder.
STATICFILES_DIRS = [
    *(("pay", path) for path in sorted(BASE_DIR.glob("payments/providers/*/static"))),
    *(folder / "static" for folder in NINJA),
]
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "prewatt.server.web.static_files.HashedStorage"},
}
UNFOLD = {"SITE_TITLE": "prewatt", "SITE_HEADER": "prewatt", "SITE_SYMBOL": "bolt"}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "prewatt.log_lines.Lines"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "none": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # Its lines name addresses of tenants; what matters of them stands at the delivery.
    "loggers": {"apprise": {"handlers": ["none"], "propagate": False}, "stripe": {"level": "WARNING"}},
}
