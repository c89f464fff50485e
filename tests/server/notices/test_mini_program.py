"""Subscribe messages of the mini program: counted as people permit them, one for each, and other ways where none is left."""

import msgspec
import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from prewatt.kernel.units import NANO
from prewatt.server.accounts.wechat_users import wechat_user_of
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.notices.channels.wechat_mini import PAGES, MiniProgram, app_of, page_of
from prewatt.server.notices.events import Event
from prewatt.server.notices.models import Channel, Delivery, Permission, Recipient, SendingAccount
from prewatt.server.notices.recipient_channels import add_channel
from prewatt.server.notices.sending import send_what_is_due
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.notices.sending_templates import keep_template
from prewatt.server.notices.watching import watch
from prewatt.server.sales.top_ups import top_up
from tests.building import PASSWORD
from tests.server.api.conftest import Phone, anna, mini  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.database]
PAID = "tmpl-paid"


@pytest.fixture
def permitting(anna, mini, tenancy):  # noqa: F811
    """Anna's phone, at a landlord whose mini program has a template for payments; she reads notices at any hour, in Chinese."""
    account = SendingAccount.objects.get(kind="wechat-mini")
    keep_template(account, "top-up", "", PAID, "thing1 = room\namount2 = amount")
    mini.messages.templates[PAID] = ["thing1", "amount2"]
    anna.mini = mini

    def permit(times=1, here=True):
        key = (mini.openid("anna"), PAID)
        mini.messages.allowed[key] = mini.messages.allowed.get(key, 0) + times
        for _time in range(times if here else 0):
            assert anna.call("post", "/me/notices/subscriptions", {"accepted": [PAID, "unknown"]})[0] == 204
        Recipient.objects.update(quiet_from=0, quiet_until=0, language="zh")

    anna.permit = permit
    return anna


def pay(tenancy, number):
    top_up(tenancy, number * NANO, f"paid {number}")
    watch()
    send_what_is_due()


def left():
    return dict(Permission.objects.values_list("template", "left"))


def test_each_permission_is_one_message_which_leads_to_a_page(permitting, tenancy):
    assert permitting.get("/me/notices")["templates"] == [{"event": "top-up", "template_id": PAID}]
    permitting.permit(2)
    assert left() == {PAID: 2} and Channel.objects.get().kind == "wechat-mini"
    pay(tenancy, 20)
    sent = permitting.mini.messages.sent
    ((who, template, shown, body),) = sent
    assert (who, template) == (permitting.mini.openid("anna"), PAID) and shown["thing1"] == "Flat 1"
    assert body["page"] == f"pages/payments/payments?tenancy={tenancy.pk}" and body["lang"] == "zh_CN"
    assert left() == {PAID: 1}
    pay(tenancy, 21)
    pay(tenancy, 22)
    # The third has no permission: it is not asked of WeChat, and it is said so.
    assert len(sent) == 2 and left() == {PAID: 0}
    last = Delivery.objects.order_by("-pk")[0]
    assert last.state == "failed" and "for such messages in WeChat is used up" in last.error
    notices = permitting.get("/me/notices")
    assert "is used up" in notices["channels"][0]["trouble"] and len(notices["notices"]) == 4


def test_where_none_is_left_other_channels_carry_the_notice_alone(permitting, tenancy, internet, monkeypatch):
    config = msgspec.structs.replace(settings.CONFIG, private_notices=True)
    monkeypatch.setattr(settings, "CONFIG", config)
    permitting.permit(1)
    recipient = Recipient.objects.get(tenancy=tenancy)
    add_channel(recipient, "webhook", f"http://{internet.plain}/hook")
    pay(tenancy, 20)
    pay(tenancy, 21)
    kinds = [
        set(notice.deliveries.values_list("channel__kind", flat=True))
        for notice in recipient.notices.filter(event="top-up").order_by("pk")
    ]
    assert kinds == [{"wechat-mini", "webhook"}, {"webhook"}]
    assert not Channel.objects.exclude(failing="").exists()


def test_what_wechat_did_not_take_uses_nothing_up_and_what_it_knows_nothing_of_ends_the_count(permitting, tenancy):
    permitting.permit(3)
    server = permitting.mini.messages
    server.left = 0
    pay(tenancy, 20)
    assert left() == {PAID: 3} and "reached its limit" in Delivery.objects.get().error
    # The person took their permission back in WeChat's own settings.
    server.left = 100
    server.allowed.clear()
    pay(tenancy, 21)
    assert left() == {PAID: 0} and not server.sent


def test_only_the_mini_program_in_which_somebody_is_permits_messages(permitting, mini, tenancy, log_in):  # noqa: F811
    browser = log_in("flat1")
    csrf = browser.post("/api/v1/me/notices/subscriptions", {"accepted": [PAID]}, content_type="application/json")
    assert csrf.status_code == 400 and "Only a WeChat mini program" in csrf.json()["errors"][0]["message"]
    # A landlord with another mini program sends nothing by this one.
    SendingAccount.objects.update(settings={"appid": "wx1111111111111111"})
    assert permitting.get("/me/notices")["templates"] == []
    permitting.permit(1)
    assert left() == {} and not Channel.objects.exists()


def test_unlinking_takes_the_permissions_along(permitting):
    permitting.permit(2)
    assert permitting.call("delete", "/wechat/log-in?unlink=true")[0] == 204
    assert left() == {} and wechat_user_of(permitting.mini.MINI_APPID, permitting.mini.openid("anna")) is None


@pytest.mark.parametrize("end", ["", "/account/sessions/end-others/"])
def test_whose_wechat_has_joined_another_login_is_told_nothing_of_the_flat_of_the_one_before(
    permitting, tenancy, log_in, end
):
    permitting.permit(1)
    if end:
        log_in("flat1").post(end)
    assert permitting.join(login="flat2", password=PASSWORD)[0] == 200
    permitting.permit(2)
    pay(tenancy, 20)
    sent = permitting.mini.messages.sent
    assert not sent and left() == {PAID: 2} and "for such messages in WeChat is used up" in Delivery.objects.get().error
    pay(Tenancy.objects.get(tenant="Ben"), 21)
    assert [shown["thing1"] for _who, _template, shown, _body in sent] == ["Flat 2"]


def test_a_landlord_gives_a_mini_program_of_their_own_or_uses_the_servers(tenancy, monkeypatch):
    owner = Organisation.objects.get()
    for wrong in (
        {"appid": "", "secret": ""},
        {"appid": "wx1234567890abcdef", "secret": ""},
        {"appid": "x", "secret": "y"},
    ):
        with pytest.raises(ValidationError):
            keep_account(owner, "wechat-mini", wrong)
    monkeypatch.setattr(settings, "CONFIG", msgspec.structs.replace(settings.CONFIG, wechat_mini=("wxours", "s")))
    assert app_of(keep_account(owner, "wechat-mini", {"appid": "", "secret": ""}).settings).appid == "wxours"
    own = keep_account(owner, "wechat-mini", {"appid": "wx1234567890abcdef", "secret": "mine"})
    assert app_of(own.settings).appid == "wx1234567890abcdef" == MiniProgram.carrier(own.settings)


def test_the_openid_is_typed_nowhere(permitting, log_in):
    page = log_in("flat1").get("/me/notices/").content.decode()
    assert 'value="wechat-mini"' not in page


def test_pages_of_events_are_pages_of_the_mini_program():
    assert set(PAGES) <= set(Event) and page_of("no event", None) == "pages/home/home"
    assert page_of("low", 7) == "pages/pay/pay?tenancy=7"
