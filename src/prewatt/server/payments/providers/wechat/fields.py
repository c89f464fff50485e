"""The fields that a landlord types for a merchant account at WeChat Pay."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ....core.credential_fields import Field

FIELDS = (
    Field("mchid", _("Merchant number")),
    Field(
        "appid",
        _("App id"),
        help=_("The id of the official account or mini program that the merchant number is bound to."),
    ),
    Field("cert_serial_no", _("Serial number of the merchant's certificate")),
    Field("private_key", _("Private key of the merchant (apiclient_key.pem)"), secret=True),
    Field("apiv3_key", _("APIv3 key"), secret=True, help=_("32 characters.")),
    Field("public_key_id", _("Id of WeChat Pay's public key"), optional=True),
    Field(
        "public_key",
        _("WeChat Pay's public key"),
        secret=True,
        optional=True,
        help=_("Give it with its id, if the account has one; other accounts use platform certificates."),
    ),
    Field(
        "mini_appid",
        _("App id of a mini program"),
        optional=True,
        help=_("If the merchant number is bound to a mini program too: tenants pay in it."),
    ),
    Field(
        "app_secret",
        _("App secret"),
        secret=True,
        optional=True,
        help=_("Needed for payments in pages inside WeChat."),
    ),
    Field(
        "plan_id",
        _("Template id of contract payments (模板id)"),
        optional=True,
        help=_(
            "If WeChat Pay allows the account contract payments (委托代扣): tenants can have automatic top-ups. WeChat Pay's "
            "pages show it under 产品中心 > 委托代扣."
        ),
    ),
    Field(
        "api_v2_key",
        _("API v2 key"),
        secret=True,
        optional=True,
        help=_("32 characters. Contract payments are signed with it. It is set under 账户中心 > API安全."),
    ),
)
