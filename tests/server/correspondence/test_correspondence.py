"""Notes from the manager, by the ways that each tenant has chosen, and on their pages; fault reports with photos, answered, closed,
with who did what when.
"""

import json
import re
from datetime import datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from prewatt.kernel.units import DAY, HOUR, instant
from prewatt.server.commissioning.setup import Apartment
from prewatt.server.correspondence import photos
from prewatt.server.correspondence.models import Entry, Note, Photo, Report
from prewatt.server.correspondence.notes_reached import reached
from prewatt.server.correspondence.reports import MOST_A_DAY, MOST_OPEN
from prewatt.server.estate.models import Organisation, Tenancy, Unit
from prewatt.server.notices.models import Delivery, Notice
from prewatt.server.notices.recipients import manager_of, recipient_of
from prewatt.server.notices.sending import send_what_is_due
from prewatt.server.notices.sending_accounts import keep_account
from tests.building import PASSWORD, ZONE, set_up
from tests.server.notices.test_notices import mail_account, told_by_mail

pytestmark = pytest.mark.database
GPS, ORIENTATION = 0x8825, 0x0112


def words_of(answer):
    """The text of a page, with one blank where a line is broken."""
    return " ".join(answer.content.decode().split())


def at(*wall):
    return instant(datetime(*wall, tzinfo=ZoneInfo(ZONE)))


def picture(form="JPEG", size=(60, 40), name="photo.jpg", **more):
    """A file with a photo that says where it was taken."""
    made, kept = BytesIO(), Image.Exif()
    kept[ORIENTATION] = 6
    kept.get_ifd(GPS)[2] = (52.0, 31.0, 12.0)
    kept[0x010E] = "Anna's kitchen"
    Image.new("RGB", size, "red").save(made, form, exif=kept, **more)
    return SimpleUploadedFile(name, made.getvalue(), content_type="image/jpeg")


class People:
    """Anna and Ben, their manager, and another landlord; what each sees and does."""

    def __init__(self, internet):
        self.anna, self.ben = (Tenancy.objects.get(tenant=each) for each in ("Anna", "Ben"))
        self.owner = Organisation.objects.get(name="Berg Homes")
        keep_account(self.owner, "email", mail_account(internet))
        self.office, self.flat1, self.flat2 = (self.client(each) for each in ("manager", "flat1", "flat2"))

    @staticmethod
    def client(name):
        made = Client()
        assert made.login(username=name, password=PASSWORD)
        return made

    @staticmethod
    def said(answer):
        return [str(each) for each in answer.context["messages"]]

    def note(self, asked="1", title="Water is off", text="On Friday.\n--\nFrom 9.", **to):
        given = {"asked": asked, "title": title, "text": text, **to}
        return self.said(self.office.post("/notes/", given, follow=True))

    def report(self, asked="1", text="The socket is warm.", category="wiring", files=(), by=None):
        given = {"asked": asked, "text": text, "category": category, "photos": list(files)}
        return (by or self.flat1).post("/me/reports/", given, follow=True)

    def add(self, by, report, asked, **given):
        return self.said(by.post(f"/reports/{report.pk}/", {"asked": asked, **given}, follow=True))


@pytest.fixture
def people(building, internet):
    return People(internet)


# -- notes ---------------------------------------------------------------------------------------------------------------


def test_a_note_to_a_building_goes_by_each_ones_way_after_quiet_hours_and_stands_on_the_page(people, internet, clock):
    told_by_mail(recipient_of(people.anna), quiet_from=22, quiet_until=7)
    clock.at = at(2025, 10, 6, 23)
    home = people.anna.unit.property_id
    assert people.note(property=home) == ["The note goes to 2 flats."]
    assert people.note(property=home) == ["The note goes to 2 flats."] and Note.objects.count() == 1
    assert people.note(property=home, text="Another one.") == [
        "This form: The name 1 belongs to another note. Use a new name."
    ]
    assert send_what_is_due() == 0
    clock.at = at(2025, 10, 7, 7)
    assert send_what_is_due() == 1
    sent = Notice.objects.get(recipient__tenancy=people.anna)
    assert sent.title == "Flat 1: Water is off" and "On Friday.\n—\nFrom 9.\nOn your page: http" in sent.text
    anna, ben = reached(Note.objects.get())
    assert [(each.channel.kind, each.state) for each in anna.ways] == [("email", "sent")] and not anna.failed
    assert ben.ways == [] and ben.failed and not ben.muted
    page = people.flat2.get("/me/").content.decode()
    assert "Water is off" in page and "From 9." in page and ">new<" in page
    assert ">new<" not in people.flat2.get("/me/").content.decode()
    assert reached(Note.objects.get())[1].seen == clock.at
    listed = people.office.get("/notes/").content.decode()
    assert (
        "flats: 2 · sent to 1 · seen on the page by 1" in listed
        and "has no channel" in listed
        and "could not be reached" not in listed
    )


def test_an_urgent_note_is_sent_in_quiet_hours_in_each_ones_language_to_one_flat_several_or_all(people, clock):
    told_by_mail(recipient_of(people.anna), quiet_from=22, quiet_until=7, language="zh")
    told_by_mail(recipient_of(people.ben), "ben@example.com", quiet_from=22, quiet_until=7, muted=["note"])
    clock.at = at(2025, 10, 6, 23)
    words = {"title_zh": "停水", "text_zh": "周五停水。", "urgent": "on"}
    assert people.note(unit=people.anna.unit_id, **words) == ["The note goes to 1 flat."]
    assert send_what_is_due() == 1
    assert Notice.objects.get().title == "Flat 1：停水"
    assert "周五停水。" in people.flat1.get("/me/").content.decode()
    assert people.note("2", unit=[people.anna.unit_id, people.ben.unit_id]) == ["The note goes to 2 flats."]
    assert people.note("3", everybody="on") == ["The note goes to 2 flats."]
    assert [each.muted for each in reached(Note.objects.get(asked="3"))] == [False, True]
    assert Notice.objects.filter(recipient__tenancy=people.ben).count() == 0
    assert "has switched off notes" in people.office.get("/notes/").content.decode()


def test_a_note_that_was_not_delivered_is_listed_with_why(people):
    told_by_mail(recipient_of(people.anna))
    people.note(unit=people.anna.unit_id)
    Delivery.objects.update(state="failed", next_try_at=None, error="no such mailbox")
    page = people.office.get("/notes/").content.decode()
    assert "1 could not be reached" in page and "no such mailbox" in page


def test_a_note_that_is_for_nobody_or_wrong_is_refused_and_nothing_typed_is_lost(people):
    empty = Unit.objects.get(name="Flat 3")
    assert people.note(unit=empty.pk) == ["To: Nobody lives there now. Choose other flats or a building."]
    page = people.office.get("/notes/").content.decode()
    assert "On Friday." not in page
    people.office.post("/notes/", {"asked": "1", "title": "Half", "text": "", "unit": people.anna.unit_id})
    page = people.office.get("/notes/").content.decode()
    assert 'value="Half"' in page and "Please write something." in page
    assert Note.objects.count() == 0


def test_another_landlord_neither_writes_to_our_tenants_nor_sees_their_notes_and_reports(people, clock):
    set_up(
        clock,
        organisation="Tal Homes",
        name="Elm 1",
        apartments=[Apartment("A", "n1", "Cleo")],
        gateway="g2",
        manager="other",
    )
    other = people.client("other")
    people.report(files=[picture()])
    given = {"asked": "1", "title": "x", "text": "y"}
    for to in ({"unit": people.anna.unit_id}, {"property": people.anna.unit.property_id}):
        other.post("/notes/", {**given, **to})
    assert Note.objects.count() == 0
    made = Report.objects.get()
    for address in (
        f"/reports/{made.pk}/",
        f"/photos/{Photo.objects.get().pk}/",
        f"/notes/?organisation={people.owner.pk}",
    ):
        assert other.get(address).status_code == 404
        assert Client().get(address).status_code == 302
    assert other.post(f"/reports/{made.pk}/", {"asked": "2", "text": "x"}).status_code == 404
    assert "Anna" not in other.get("/reports/").content.decode()


# -- fault reports -------------------------------------------------------------------------------------------------------


def test_a_report_with_photos_is_answered_and_closed_and_says_who_did_what_when(people, internet, clock):
    told_by_mail(manager_of(people.owner), "office@example.com")
    told_by_mail(recipient_of(people.anna))
    assert "Your report is with the manager." in people.said(people.report(files=[picture(), picture("PNG")]))[0]
    people.report(files=[picture()])
    made = Report.objects.get()
    assert (made.state, Photo.objects.count()) == ("open", 2)
    assert send_what_is_due() == 1
    told = Notice.objects.get(recipient__tenancy=None)
    assert told.title == "Linden 5 Flat 1: fault report, light, socket or fuse"
    assert "Anna: The socket is warm." in told.text and "Photos: 2" in told.text and f"/reports/{made.pk}/" in told.text
    assert "1 report is open" in words_of(people.office.get("/properties/"))
    assert "light, socket or fuse" in people.office.get(f"/units/{people.anna.unit_id}/").content.decode()
    clock.at += HOUR
    assert people.add(people.office, made, "2", text="Somebody comes at ten.", state="work") == ["Added."]
    people.add(people.office, made, "2", text="Somebody comes at ten.", state="work")
    answer = Notice.objects.filter(recipient__tenancy=people.anna).get()
    assert answer.title == "Flat 1: your report (light, socket or fuse) is in work"
    assert "manager: Somebody comes at ten." in answer.text
    clock.at += HOUR
    assert people.add(people.flat1, made, "3", text="Thank you.", photos=picture("WEBP")) == ["Added."]
    assert people.add(people.flat1, made, "4", state="work") == ["State: There is no such choice."]
    assert people.add(people.office, made, "5", state="work") == ["Text: Please write something."]
    clock.at += HOUR
    people.add(people.office, made, "6", state="done")
    log = [(each.by, each.is_from_office, each.state, each.at) for each in Entry.objects.all()]
    begin = clock.at - 3 * HOUR
    assert log == [
        ("Anna", False, "open", begin),
        ("manager", True, "work", begin + HOUR),
        ("Anna", False, "", begin + 2 * HOUR),
        ("manager", True, "done", begin + 3 * HOUR),
    ]
    assert Notice.objects.filter(recipient__tenancy=people.anna).count() == 2
    page = people.flat1.get(f"/reports/{made.pk}/").content.decode()
    for words in ("The socket is warm.", "Somebody comes at ten.", "Thank you.", "in work", "done", "for the landlord"):
        assert words in page
    assert len(re.findall(r"<img\s", page)) == 1 + 3
    made.refresh_from_db()
    assert made.closed_at == clock.at and "report is open" not in words_of(people.office.get("/properties/"))


def test_what_is_said_to_be_done_can_be_opened_again_for_two_weeks(people, clock):
    people.report()
    made = Report.objects.get()
    people.add(people.flat1, made, "2", state="done")
    people.add(people.flat1, made, "3", text="It is back.")
    made.refresh_from_db()
    assert (made.state, made.closed_at) == ("open", None)
    people.add(people.flat1, made, "4", state="done")
    clock.at += 15 * DAY
    assert people.add(people.flat1, made, "5", text="Again.") == ["This report is closed. Make a new report."]
    assert "Make a new report" in people.flat1.get(f"/reports/{made.pk}/").content.decode()


def test_danger_is_told_to_the_manager_in_quiet_hours_too(people, clock):
    told_by_mail(manager_of(people.owner), "office@example.com", quiet_from=22, quiet_until=7)
    clock.at = at(2025, 10, 6, 23)
    people.report("1")
    assert send_what_is_due() == 0
    people.report("2", category="danger", text="Sparks.")
    assert send_what_is_due() == 1


def test_photos_are_upright_small_and_say_nothing_of_where_they_were_taken(people):
    people.report(files=[picture(size=(3000, 2000)), picture("PNG"), picture("WEBP")])
    large, png, webp = Photo.objects.order_by("pk")
    # Turned by its orientation, and no longer than what is kept.
    assert (large.width, large.height) == (1066, 1600) or (large.width, large.height) == (1067, 1600)
    for each in (large, png, webp):
        with Image.open(BytesIO(bytes(each.content))) as kept:
            assert kept.format == "JPEG" and not kept.getexif() and not kept.info.get("exif")
            assert (kept.width, kept.height) == (each.width, each.height) and kept.height > kept.width
        assert b"kitchen" not in bytes(each.content) and b"Exif" not in bytes(each.content)
    answer = people.flat1.get(f"/photos/{large.pk}/")
    assert answer["Content-Type"] == "image/jpeg" and answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox" and answer["Cache-Control"] == "no-store"
    assert people.office.get(f"/photos/{large.pk}/").content == answer.content
    assert people.flat2.get(f"/photos/{large.pk}/").status_code == 404


def a_file(content, name="photo.jpg"):
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


@pytest.mark.parametrize(
    "content", [b"<svg onload='x'/>", b"GIF89a" + bytes(40), b"\xff\xd8\xff" + bytes(40), b"%PDF-1.7"]
)
def test_what_is_no_photo_is_refused_and_what_was_typed_stands_there_again(people, content):
    answer = people.report(files=[picture(), a_file(content)])
    assert people.said(answer) == ["Photos: This photo can't be read. Send JPEG, PNG or WebP."]
    assert "The socket is warm.</textarea>" in answer.content.decode()
    assert Report.objects.count() == 0


def test_photos_are_bounded_in_number_bytes_and_pixels(people, monkeypatch):
    assert people.said(people.report(files=[picture()] * 5)) == [
        "Photos: There are too many photos: at most 4 can be sent at once."
    ]
    cut = picture(size=(400, 400)).read()[:700]
    assert "photo can't be read" in people.said(people.report(files=[a_file(cut)]))[0]
    monkeypatch.setattr(photos, "MOST_PIXELS", 60 * 40 - 1)
    assert "million pixels" in people.said(people.report(files=[picture()]))[0]
    monkeypatch.setattr(photos, "LARGEST_PHOTO", 100)
    assert "MB" in people.said(people.report(files=[picture()]))[0]
    assert Report.objects.count() == 0


def test_a_small_file_that_decodes_to_much_is_refused_if_all_of_it_is_decoded_at_once(monkeypatch):
    monkeypatch.setattr(photos, "MOST_PIXELS_WHOLE", 60 * 40 - 1)
    assert photos.encode_one(picture().read()).width
    for kind in ("PNG", "WEBP"):
        with pytest.raises(ValidationError, match="million pixels"):
            photos.encode_one(picture(kind).read())


def test_reports_are_so_many_a_flat_and_a_day(people, clock):
    for number in range(MOST_OPEN):
        people.report(f"{number}")
    assert "are open already" in people.said(people.report("more"))[0]
    for each in Report.objects.all():
        people.add(people.office, each, "done", state="done")
    assert f"You have made {MOST_A_DAY} reports today" in people.said(people.report("more"))[0]
    clock.at += DAY
    people.report("more")
    assert Report.objects.count() == MOST_OPEN + 1


def test_who_has_left_sees_the_own_reports_and_adds_nothing_and_who_comes_sees_none(people, clock):
    people.report(files=[picture()])
    made = Report.objects.get()
    Tenancy.objects.filter(pk=people.anna.pk).update(ends=clock.at + HOUR)
    clock.at += 2 * HOUR
    ben = people.ben.people.get()
    Tenancy.objects.create(unit=people.anna.unit, tenant="Zoe", begins=clock.at - HOUR).people.add(ben)
    assert "The socket is warm." in people.flat1.get(f"/reports/{made.pk}/").content.decode()
    assert people.flat1.get(f"/photos/{Photo.objects.get().pk}/").status_code == 200
    assert people.add(people.flat1, made, "2", text="x") == ["Only the flat's tenant can add something."]
    assert people.flat1.get("/me/reports/").status_code == 200
    assert people.report("9").status_code == 404
    assert people.flat2.get(f"/reports/{made.pk}/").status_code == 404
    page = people.flat2.get("/me/reports/", follow=True).content.decode()
    assert "light, socket" not in page.split("Your reports")[1]


# -- over the API --------------------------------------------------------------------------------------------------------


def call(client, path, given):
    answer = client.post(f"/api/v1/{path}", json.dumps(given), content_type="application/json")
    return answer.status_code, answer.json()


def test_notes_and_reports_over_the_api(people, clock):
    told_by_mail(recipient_of(people.anna))
    note = {
        "asked": "1",
        "title": "Water",
        "text": "Off.",
        "units": [people.anna.unit_id],
        "texts": {"zh": {"title": "水", "text": "停"}},
    }
    status, made = call(people.office, f"organisations/{people.owner.pk}/notes", note)
    assert status == 201 and [each["ways"][0]["state"] for each in made["to"]] == ["waiting"]
    assert call(people.flat1, f"organisations/{people.owner.pk}/notes", note)[0] == 404
    assert people.flat1.get("/api/v1/notes").json()[0]["title"] == "Water"
    assert people.flat2.get("/api/v1/notes").json() == []
    status, made = call(
        people.flat1, f"tenancies/{people.anna.pk}/reports", {"asked": "1", "category": "meter", "text": "x"}
    )
    assert status == 201 and made["entries"][0]["side"] == "tenant"
    answer = people.flat1.post(f"/api/v1/reports/{made['id']}/photos/p1", {"photo": picture()})
    shown = answer.json()["entries"][1]["photos"][0]
    assert people.office.get(f"/api/v1/photos/{shown}")["Content-Type"] == "image/jpeg"
    status, made = call(people.office, f"reports/{made['id']}/entries", {"asked": "2", "text": "y", "state": "done"})
    assert status == 201 and (made["state"], made["entries"][2]["by"]) == ("done", "manager")
    assert [len(each.get("/api/v1/reports").json()) for each in (people.office, people.flat1, people.flat2)] == [
        1,
        1,
        0,
    ]
    assert people.office.get("/api/v1/reports?open=true").json() == []
    status, made = call(
        people.office, f"tenancies/{people.ben.pk}/reports", {"asked": "c", "category": "meter", "text": "He called."}
    )
    assert (made["entries"][0]["by"], made["entries"][0]["side"]) == ("manager", "landlord")
    status, told = call(
        people.flat1, f"tenancies/{people.anna.pk}/reports", {"asked": "3", "category": "moon", "text": "x"}
    )
    assert status == 400 and told["errors"][0]["field"] == "category"
    assert (
        call(people.flat2, f"tenancies/{people.anna.pk}/reports", {"asked": "4", "category": "meter", "text": "x"})[0]
        == 404
    )
