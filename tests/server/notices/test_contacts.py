"""How tenants are reached: what the landlord types, what the tenant changes, and that nobody is left out unseen."""

import json
from email import message_from_bytes
from urllib.parse import parse_qs

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.translation import override

from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.accounts.invitations import invitation_of
from prewatt.server.accounts.keys import make_key
from prewatt.server.commissioning.apartments import apartments_of
from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
from prewatt.server.metering.models import Gateway
from prewatt.server.notices.contact import Contact
from prewatt.server.notices.contacts import TenantChangedError, keep_contact, kept
from prewatt.server.notices.models import Delivery, Recipient
from prewatt.server.notices.recipient_channels import add_channel
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.notices.sending import send_what_is_due
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.notices.unreached import unreached
from prewatt.server.sales.top_ups import top_up
from prewatt.server.tenancies.moving import move_in, move_out
from prewatt.server.tenancies.put_right import Change, put_right
from prewatt.tables.problems import TableError
from tests.building import PASSWORD, ZONE, set_up
from tests.gateway import Edge
from tests.server.notices.test_notices import live, mail_account, watch

TWILIO = {"sender": "apprise", "url": f"twilio://AC{'0' * 32}:{'1' * 32}@+12025550100/{{to}}"}
ANNAS, BENS = "+4915112345671", "+4915112345672"


def sms_account(owner, internet):
    internet.answers["api.twilio.com"] = lambda path, body: (201, {})
    keep_account(owner, "sms", TWILIO)


def numbers(internet):
    return [parse_qs(body.decode())["To"][0] for host, _path, _headers, body in internet.asked if "twilio" in host]


def page(client, address):
    return client.get(address).content.decode()


# -- told without a number of their own ------------------------------------------------------------------------------------


LIST = """Wohnung;Zählernr.;Mieter;Handynummer;E-Mail;Sprache
1;m1;Anna;0151 12345671;;
2;m2;Ben;;ben@example.com;
3;m3;Chen;+49 151 12345673;;中文
4;m4;;;;
5;m5;;;;
6;m6;;;;
7;m7;;;;
8;m8;;;;
9;m9;;;;
"""


def test_nine_tenants_who_never_typed_a_number_are_told_at_10_kwh(db, clock, store, internet):
    """Three by the list of flats, three by the form, three by the API; the real ways out, e-mail and SMS."""
    building = set_up(clock, apartments=apartments_of(LIST.encode(), "EUR", ZONE).apartments)
    owner = building.property.organisation
    keep_account(owner, "email", mail_account(internet))
    sms_account(owner, internet)
    office = Client()
    assert office.login(username="manager", password=PASSWORD)
    for number, contact in (
        (4, {"phone": "0151 12345674"}),
        (5, {"email": "e@example.com"}),
        (6, {"phone": "015112345676"}),
    ):
        unit = Unit.objects.get(name=f"{number}")
        given = {"tenant": f"T{number}", "begins": "2025-10-06T12:00", **contact}
        answer = office.post(f"/units/{unit.pk}/move-in/", given, follow=True)
        assert f"T{number} moves in" in answer.content.decode()
    token = make_key(owner.memberships.get().user, "test")
    for number, contact in (
        (7, {"phone": "015112345677"}),
        (8, {"email": "h@example.com"}),
        (9, {"phone": "+4915112345679"}),
    ):
        answer = Client().post(
            f"/api/v1/properties/{building.property.pk}/tenancies",
            {"unit": f"{number}", "tenant": f"T{number}", **contact},
            "application/json",
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 201, answer.content
        assert invitation_of(answer.json()["invitation"]).tenancy.tenant == f"T{number}"
    assert Recipient.objects.count() == 9 and not unreached([building.property])
    Property.objects.update(low_credit_kwh="10", low_credit="", low_credit_days="")
    Recipient.objects.update(muted=["top-up"], quiet_from=0, quiet_until=0)
    edge = Edge(building.code, clock)
    Gateway.objects.update(is_online=True)
    for tenancy in Tenancy.objects.all():
        top_up(tenancy, 3 * NANO, f"c{tenancy.pk}")  # 15 kWh
    for meter in sorted(edge.accounts):
        live(edge, store, 0, meter=meter)
    watch()
    send_what_is_due()
    assert not numbers(internet) and not internet.mail.mails
    for meter in sorted(edge.accounts):
        live(edge, store, 5040, meter=meter)
    watch()
    send_what_is_due()
    assert sorted(numbers(internet)) == [f"+491511234567{each}" for each in (1, 3, 4, 6, 7, 9)]
    assert sorted(to for _from, to, _text in internet.mail.mails) == [
        [who] for who in ("ben@example.com", "e@example.com", "h@example.com")
    ]
    texts = [message_from_bytes(text).get_payload(decode=True).decode() for _from, _to, text in internet.mail.mails]
    assert all("about 10 kWh" in text for text in texts), texts
    assert "余额不足" in Recipient.objects.get(tenancy__tenant="Chen").notices.get().title


# -- the list -----------------------------------------------------------------------------------------------------------------


def test_a_list_says_by_line_and_column_which_number_can_be_none():
    text = (
        "unit,meter,tenant,phone,email,language\n"
        "1,m1,Anna,0151 123,anna@example.com,en\n2,m2,Ben,,ben at example,fr\n3,m3,,015112345673,,\n4,m4,Dan,-,n/a,\n"
    )
    with pytest.raises(TableError) as refused:
        apartments_of(text.encode(), "EUR", ZONE)
    lines = refused.value.lines()
    assert [each.partition(":")[0] for each in lines] == [
        "line 2, phone",
        "line 3, email",
        "line 3, language",
        "line 4, tenant",
    ]
    assert "digit is missing" in lines[0] and "0151 123" in lines[0]
    mended = text.replace("0151 123,", "0171 1234567,").replace("ben at example,fr", "ben@example.com,Englisch")
    found = apartments_of(mended.replace("m3,,0", "m3,Carl,0").encode(), "EUR", ZONE).apartments
    assert [each.contact for each in found] == [
        Contact("+491711234567", "anna@example.com", "en"),
        Contact("", "ben@example.com", "en"),
        Contact("+4915112345673"),
        Contact(),
    ]


def test_a_mainland_lists_numbers_and_workbook_cells_are_read(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["房号", "电表号", "租客", "手机号", "邮箱", "语言"])
    book.active.append(["101", "m1", "王芳", 13800138000, "", "中文"])
    book.active.append(["102", "m2", "李雷", "138 0013 8001", "li@example.com", ""])
    book.save(tmp_path / "list.xlsx")
    found = apartments_of((tmp_path / "list.xlsx").read_bytes(), "CNY", "Asia/Shanghai").apartments
    assert [each.contact for each in found] == [
        Contact("+8613800138000", "", "zh"),
        Contact("+8613800138001", "li@example.com"),
    ]


def test_numbers_of_many_from_a_list_are_seen_before_they_are_kept(building, tenancy, log_in):
    office, address = log_in("manager"), f"/properties/{building.property.pk}/contacts/"

    def upload(text):
        file = SimpleUploadedFile("list.csv", text.encode(), content_type="text/csv")
        return office.post(address, {"file": file})

    wrong = upload("unit,tenant,phone\nFlat 1,Bert,015112345671\nFlat 9,Eve,015112345672\nFlat 3,Zoe,015112345673\n")
    said = wrong.content.decode()
    assert wrong.status_code == 400
    for each in ("line 2, tenant", "but Anna does", "line 3, unit", "line 4, tenant", "Nothing was saved"):
        assert each in said
    keep_contact(Tenancy.objects.get(tenant="Ben"), Contact(phone=BENS))
    log_in("flat2").post("/me/notices/", {"language": "zh", "quiet_from": "22", "quiet_until": "7"})
    listed = upload("unit,tenant,phone,email\nFlat 1, ANNA,015112345671,a@example.com\nFlat 2,Ben,015112345679,\n")
    assert not recipient_of(tenancy).channels.exists()
    assert (
        ANNAS in listed.content.decode()
        and "the tenant has changed it, so it is not replaced" in listed.content.decode()
    )
    done = office.post(address, {"take": listed.context["take"]}, follow=True)
    assert "for 1 tenants" in done.content.decode()
    assert kept(recipient_of(tenancy)) == Contact(ANNAS, "a@example.com", "en")
    assert kept(recipient_of(Tenancy.objects.get(tenant="Ben"))).phone == BENS
    assert "Nothing changes" in upload("unit,tenant,phone\nFlat 1,Anna,0151 12345671\n").content.decode()
    assert office.post(address, {"take": listed.context["take"] + "x"}).status_code == 400


def test_a_list_of_contacts_names_columns_that_are_not_known_and_trips_over_no_other(building, tenancy, log_in):
    text = "unit;tenant;area;fuse;meter;phone;Kontakt\nFlat 1;Anna;large;25 A;1E+12;015112345671;Mutter\n;;110;;m9;;\n"
    file = SimpleUploadedFile("list.csv", text.encode())
    said = log_in("manager").post(f"/properties/{building.property.pk}/contacts/", {"file": file})
    assert said.status_code == 200 and ANNAS in said.content.decode()
    assert "columns of the list are not used: Kontakt." in said.content.decode()


def test_a_tenant_reads_each_step_at_which_the_landlord_has_them_reminded(building, tenancy, log_in):
    steps = {"low_credit_kwh": "10", "low_credit": "2.5, 1", "low_credit_days": "3, 1"}
    Property.objects.filter(pk=building.property.pk).update(**steps)
    assert "<b>10 kWh, 2.50 EUR, 1.00 EUR, 3 days, 1 day</b>" in page(log_in("flat1"), "/me/notices/")


# -- whose it is ----------------------------------------------------------------------------------------------------------------


def test_what_the_tenant_changed_is_not_overwritten_unasked(building, tenancy, internet, log_in):
    sms_account(building.property.organisation, internet)
    office, anna = log_in("manager"), log_in("flat1")
    unit, form = f"/units/{tenancy.unit_id}/people/", f"/tenancies/{tenancy.pk}/contact/"
    assert "is not told when the credit runs low" in page(office, unit)
    refused = office.post(form, {"phone": "0151 123"}, follow=True).content.decode()
    assert "digit is missing" in refused and 'value="0151 123"' in refused
    office.post(form, {"phone": "0151 12345671"})
    assert ANNAS in page(office, unit)
    seen = page(anna, "/me/notices/")
    assert "+49…671" in seen and "entered by your landlord" in seen
    channel = recipient_of(tenancy).channels.get()
    anna.post(f"/me/notices/channels/{channel.pk}/", {"do": "drop"})
    assert "changed themselves" in office.post(form, {"phone": "0151 12345671"}, follow=True).content.decode()
    assert not recipient_of(tenancy).channels.exists()
    anna.post("/me/notices/channels/new/", {"kind": "sms", "address": "0151 12345678"})
    seen = page(office, unit)
    assert "Changed by the tenant" in seen and "+49…678" in seen
    assert "15112345678" not in seen and ANNAS not in seen
    said = office.post(form, {"phone": "0151 12345671", "language": "en"}, follow=True).content.decode()
    assert "changed themselves" in said
    assert [each.is_from_office for each in recipient_of(tenancy).channels.all()] == [False]
    office.post(form, {"phone": "0151 12345671", "language": "en", "over": "on"})
    assert [each.is_from_office for each in recipient_of(tenancy).channels.all()] == [False, True]
    # An empty field takes away the landlord's own number, and no other.
    office.post(form, {"phone": "", "language": "en", "over": "on"})
    assert [each.is_from_office for each in recipient_of(tenancy).channels.all()] == [False]


def test_nobody_else_reads_or_types_a_number(building, tenancy, log_in):
    keep_contact(tenancy, Contact(phone=ANNAS))
    ben = log_in("flat2")
    assert ben.post(f"/tenancies/{tenancy.pk}/contact/", {"phone": BENS}).status_code == 404
    for address in (
        f"/properties/{building.property.pk}/unreached-tenants/",
        f"/properties/{building.property.pk}/contacts/",
    ):
        assert ben.get(address).status_code == 404
    for method in (ben.get, ben.post):
        answer = method(
            f"/api/v1/tenancies/{tenancy.pk}/contact", *([{}, "application/json"] if method == ben.post else [])
        )
        assert answer.status_code in (403, 404)
    assert kept(recipient_of(tenancy)).phone == ANNAS


def test_the_api_changes_what_is_named_and_says_what_the_tenant_changed(building, tenancy, log_in):
    token = make_key(Organisation.objects.get().memberships.get().user, "test")
    address = f"/api/v1/tenancies/{tenancy.pk}/contact"

    def call(given):
        return Client().post(
            address, json.dumps(given), "application/json", headers={"Authorization": f"Bearer {token}"}
        )

    assert call({"phone": "015112345671", "language": "zh"}).json()["phone"] == ANNAS
    assert call({"email": "a@example.com"}).json() == {
        "phone": ANNAS,
        "email": "a@example.com",
        "language": "zh",
        "changed_by_tenant": None,
    }
    assert call({"phone": "0151"}).json()["errors"][0]["field"] == "phone"
    log_in("flat1").post(f"/me/notices/channels/{recipient_of(tenancy).channels.first().pk}/", {"do": "switch"})
    assert call({"phone": ""}).status_code == 400
    told = call({"phone": "", "over": True}).json()
    assert told["phone"] == "" and told["changed_by_tenant"] == "2025-10-06T10:00:00Z"


# -- nobody is left out unseen ----------------------------------------------------------------------------------------------------


def test_whom_nothing_reaches_stands_on_the_first_page_with_the_reason(building, tenancy, internet, log_in, clock):
    owner, home = building.property.organisation, building.property
    office = log_in("manager")
    ben = Tenancy.objects.get(tenant="Ben")

    def why():
        return {each.tenancy.tenant: each.why for each in unreached([home])}

    assert set(why()) == {"Anna", "Ben"} and f'href="/properties/{home.pk}/unreached-tenants/"' in page(
        office, "/properties/"
    )
    keep_contact(tenancy, Contact(phone=ANNAS))
    keep_contact(ben, Contact(email="ben@example.com"))
    assert why()["Anna"] == "no account is set up to send by SMS"
    assert "Nothing can be sent by SMS yet" in page(office, f"/units/{tenancy.unit_id}/people/")
    sms_account(owner, internet)
    keep_account(owner, "email", mail_account(internet))
    assert not why() and "unreached-tenants" not in page(office, "/properties/")
    recipient_of(ben).channels.update(is_enabled=False)
    recipient_of(tenancy).channels.update(failing="no such number")
    assert why() == {"Anna": "the last try failed: no such number", "Ben": "switched off by the tenant"}
    listed = page(office, f"/properties/{home.pk}/unreached-tenants/")
    assert "no such number" in listed and f"/units/{ben.unit_id}/people/#contact-{ben.pk}" in listed
    recipient_of(tenancy).channels.update(failing="The organisation no longer has an account for this channel.")
    with override("de"):
        assert why()["Anna"].endswith("Die Organisation hat kein Konto mehr für diesen Weg.")
    # Who comes is among them; who has gone is not.
    move_out(ben, clock.at + HOUR)
    move_in(ben.unit, "Zoe", clock.at + 2 * HOUR)
    clock.at += 2 * DAY
    assert set(why()) == {"Anna", "Zoe"}


def test_a_number_waits_for_an_account_and_is_then_told_what_holds_and_not_all_that_was(
    building, tenancy, store, internet, clock
):
    keep_contact(tenancy, Contact(phone=ANNAS))
    Recipient.objects.update(low_money=[5 * NANO], low_days=[], quiet_from=0, quiet_until=0)
    edge = Edge(building.code, clock)
    top_up(tenancy, 3 * NANO, "c1")
    live(edge, store, 0)
    watch()
    assert not recipient_of(tenancy).notices.exists()
    clock.at += DAY
    sms_account(building.property.organisation, internet)
    watch()
    send_what_is_due()
    assert [each.event for each in recipient_of(tenancy).notices.all()] == ["low"] and numbers(internet) == [ANNAS]


@pytest.mark.parametrize("given_up", [False, True])
def test_what_did_not_arrive_at_a_wrong_number_goes_to_the_right_one(
    building, tenancy, store, internet, clock, given_up
):
    sms_account(building.property.organisation, internet)
    internet.answers["api.twilio.com"] = lambda path, body: (400, {"message": "no such number"})
    keep_contact(tenancy, Contact(phone=BENS))
    Recipient.objects.update(low_money=[5 * NANO], low_days=[], quiet_from=0, quiet_until=0, muted=["top-up"])
    edge = Edge(building.code, clock)
    top_up(tenancy, 3 * NANO, "c1")
    live(edge, store, 0)
    watch()
    send_what_is_due()
    assert Delivery.objects.get().state == "waiting"
    if given_up:
        Delivery.objects.update(state="failed", next_try_at=None)
    internet.answers["api.twilio.com"] = lambda path, body: (201, {})
    keep_contact(tenancy, Contact(phone=ANNAS))
    send_what_is_due()
    assert Delivery.objects.get().state == "sent" and numbers(internet)[-1] == ANNAS
    assert [each.tenancy.tenant for each in unreached([building.property])] == ["Ben"]


# -- moves -------------------------------------------------------------------------------------------------------------------------


def test_a_number_ends_with_its_tenancy_and_stays_where_a_move_is_put_right(building, tenancy, internet, store, clock):
    owner, by = building.property.organisation, Organisation.objects.get().memberships.get().user
    sms_account(owner, internet)
    keep_contact(tenancy, Contact(phone=ANNAS))
    put_right(tenancy, Change(begins=clock.at - HOUR, tenant="Anna B."), by, "typed wrongly")
    assert kept(recipient_of(tenancy)).phone == ANNAS
    tenancy.refresh_from_db()
    move_out(tenancy, clock.at + HOUR)
    zoe = move_in(tenancy.unit, "Zoe", clock.at + 2 * HOUR)
    assert kept(recipient_of(zoe)) == Contact("", "", "en")
    Recipient.objects.update(low_money=[5 * NANO], low_days=[], quiet_from=0, quiet_until=0)
    edge = Edge(building.code, clock)
    clock.at += 3 * HOUR
    live(edge, store, 0)
    watch()
    send_what_is_due()
    assert not numbers(internet)
    # It was another person than was typed: the number is not theirs.
    keep_contact(zoe, Contact(phone=BENS))
    found = put_right(zoe, Change(tenant="Yves", another=True), by, "another person")
    assert any("Type again how Yves" in each for each in found.says)
    assert not recipient_of(zoe).channels.exists()


def test_a_wrong_number_lets_nobody_half_in(building, clock, log_in):
    """What is wrong is said before anything is booked."""
    flat = Unit.objects.get(name="Flat 3")
    given = {"tenant": "Zoe", "begins": "2025-10-08T12:00", "deposit": "50", "phone": "0151", "email": "zoe"}
    said = log_in("manager").post(f"/units/{flat.pk}/move-in/", given, follow=True).content.decode()
    assert "Phone: " in said and "E-mail: " in said and 'value="Zoe"' in said
    assert not flat.tenancies.exists()


def test_two_ways_at_once_stay_one_and_the_mainlands_language_is_its_own(building, tenancy, internet):
    sms_account(building.property.organisation, internet)
    Property.objects.update(zone="Asia/Shanghai", currency="CNY")
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(pk=tenancy.pk)
    Recipient.objects.all().delete()
    recipient = recipient_of(tenancy)
    assert recipient.language == "zh"
    keep_contact(tenancy, Contact(phone="+8613800138000"))
    add_channel(recipient, "sms", "138 0013 8000")
    assert recipient.channels.count() == 1
    Recipient.objects.update(changed_at=1)
    with pytest.raises(TenantChangedError):
        keep_contact(tenancy, Contact(phone="+8613800138001"))
    with pytest.raises(ValidationError):
        add_channel(recipient, "sms", "138 0013")
