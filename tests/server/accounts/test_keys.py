"""Keys of programs: never more than the person may do, for a while, and seen and ended by people."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.test import Client
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.kernel.units import DAY, HOUR, MINUTE
from prewatt.server.accounts.keys import MOST_KEYS, ApiKey, make_key, user_of
from prewatt.server.accounts.memberships import put_member, reach_of
from prewatt.server.accounts.rights import Right, Role
from prewatt.server.estate.models import Organisation
from tests.building import set_up
from tests.recorded import recorded_once
from tests.server.web.test_pages import _flat

pytestmark = pytest.mark.django_db


def person(name):
    return get_user_model().objects.get(username=name)


def program(text):
    return Client(headers={"Authorization": f"Bearer {text}"})


def refused(text):
    """What the API says to a key that opens nothing."""
    answer = program(text).get("/api/v1/properties")
    assert answer.status_code == 401
    return answer.json()["detail"]


@pytest.fixture
@recorded_once
def two(building, clock):
    """Two landlords who have one manager."""
    made = set_up(
        clock, organisation="Other", name="Elm 1", gateway="g2", manager="rival", apartments=[_flat("A", "x1")]
    )
    put_member(made.property.organisation, person("manager"), Role.MANAGER)
    return made.property.organisation


def test_a_key_opens_less_than_its_owner_but_never_more(two):
    manager = person("manager")
    names = lambda text: [each["name"] for each in program(text).get("/api/v1/properties").json()]  # noqa: E731
    assert names(make_key(manager, "all")) == ["Elm 1", "Linden 5"]
    assert names(make_key(manager, "one", organisation=two)) == ["Elm 1"]
    key = make_key(manager, "few", scope="chosen", rights=[Right.SEE, Right.MERCHANTS], organisation=two)
    assert reach_of(user_of(key)).rights == {Right.SEE}
    assert reach_of(manager).of(two) > {Right.SEE}
    operator = get_user_model().objects.create(username="root", is_superuser=True)
    few = make_key(operator, "few", scope="chosen", rights=[Right.SEE])
    assert reach_of(user_of(few)).of(two) == {Right.SEE} and not reach_of(user_of(few)).operator
    assert reach_of(user_of(make_key(operator, "all"))).operator


def test_a_key_that_may_only_read_changes_nothing(building, tenancy):
    key = make_key(person("manager"), "screen", scope="read")
    path = f"/api/v1/tenancies/{tenancy.pk}/top-ups"
    assert program(key).get(path).status_code == 200
    answer = program(key).post(path, {"amount": "5", "credit_id": "7"}, content_type="application/json")
    assert (answer.status_code, answer.json()["detail"]) == (403, "This key may only read.")


def test_a_key_for_chosen_rights_is_refused_everything_else_in_words(building, tenancy):
    few = program(make_key(person("manager"), "lamp", scope="chosen", rights=[Right.SEE]))
    assert [each["name"] for each in few.get("/api/v1/properties").json()] == ["Linden 5"]
    path = f"/api/v1/tenancies/{tenancy.pk}/top-ups"
    answer = few.post(path, {"amount": "5", "credit_id": "7"}, content_type="application/json")
    assert answer.status_code == 403 and "right to" in answer.json()["detail"]
    assert not tenancy.top_ups.exists()
    paid = program(make_key(person("manager"), "till", scope="chosen", rights=[Right.SEE, Right.TAKE_MONEY]))
    assert paid.post(path, {"amount": "5", "credit_id": "7"}, content_type="application/json").status_code < 300


def test_a_key_is_dead_when_its_owner_is_out(two, tenancy, clock):
    manager, tenant = person("manager"), person("flat1")
    mine, home = make_key(manager, "other's", organisation=two), make_key(tenant, "home")
    assert program(home).get("/api/v1/reports").status_code == 200
    manager.memberships.get(organisation=two).delete()
    assert "no rights here any more" in refused(mine)
    assert program(make_key(manager, "all")).get("/api/v1/properties").status_code == 200
    tenancy.ends = clock.at + HOUR
    tenancy.save()
    assert program(home).get("/api/v1/reports").status_code == 200
    clock.at += 2 * HOUR
    assert "no rights here any more" in refused(home)
    get_user_model().objects.filter(pk=manager.pk).update(is_active=False)
    assert "login of this key's owner is closed" in refused(make_key(manager, "late"))


def test_a_key_ends_after_a_year_and_says_so(building, clock):
    key = make_key(person("manager"), "x")
    clock.at += 364 * DAY
    assert program(key).get("/api/v1/properties").status_code == 200
    clock.at += 2 * DAY
    assert "has expired" in refused(key)
    assert "no such key" in refused(key[:-1])
    assert Client().get("/api/v1/properties").status_code == 401


def test_the_last_use_is_written_once_an_hour(building, clock):
    text = make_key(person("manager"), "x")
    program(text).get("/api/v1/properties")
    first = ApiKey.objects.get().last_used_at
    clock.at += 30 * MINUTE
    program(text).get("/api/v1/properties")
    assert ApiKey.objects.get().last_used_at == first
    clock.at += 31 * MINUTE
    program(text).get("/api/v1/properties")
    assert ApiKey.objects.get().last_used_at == clock.at


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "x" * 61}, {"name": "a\nb"}, {"scope": "more"}, {"scope": "chosen"}, {"days": 0},
        {"days": 732}, {"scope": "chosen", "rights": ["everything"]}, {"rights": [Right.SEE]},
    ],
)  # fmt: skip
def test_a_key_that_can_not_be_is_refused(building, wrong):
    with pytest.raises(ValidationError):
        make_key(person("manager"), **{"name": "x", **wrong})


def test_nobody_makes_keys_without_end(building):
    for number in range(MOST_KEYS):
        make_key(person("manager"), f"{number}")
    with pytest.raises(ValidationError, match="Revoke one first"):
        make_key(person("manager"), "one more")


def test_on_the_page_a_key_is_shown_once_and_revoked(building, log_in):
    manager = log_in("manager")
    given = {"name": "bookkeeping", "scope": "chosen", "rights": ["see", "books"], "days": "30"}
    page = manager.post("/me/keys/", given, follow=True)
    (text,) = re.findall(r"prewatt_[\w-]{43}", page.content.decode())
    assert "no-store" in page["Cache-Control"]
    assert program(text).get("/api/v1/properties").status_code == 200
    later = manager.get("/me/keys/").content.decode()
    assert text not in later and "bookkeeping" in later and "last used" in later
    assert ApiKey.objects.get().rights == ["books", "see"]
    again = manager.post("/me/keys/", {**given, "days": "many"}, follow=True).content.decode()
    assert "not a whole number" in again and 'value="bookkeeping"' in again
    manager.post(f"/me/keys/{ApiKey.objects.get().pk}/revoke/")
    assert "was revoked" in refused(text)


def test_an_owner_revokes_the_keys_of_their_people_and_nobody_those_of_strangers(two, log_in):
    berg = Organisation.objects.get(name="Berg Homes")
    put_member(berg, person("flat2"), Role.CASHIER)
    text = make_key(person("flat2"), "till", organisation=berg)
    key = ApiKey.objects.get()
    for stranger in ("rival", "flat1"):
        assert "till" not in log_in(stranger).get("/me/keys/").content.decode()
        assert log_in(stranger).post(f"/me/keys/{key.pk}/revoke/").status_code == 404
    owner = log_in("manager")
    assert "till" in owner.get("/me/keys/").content.decode()
    owner.post(f"/me/keys/{key.pk}/revoke/")
    assert "was revoked" in refused(text)


def test_all_own_keys_end_at_once(building, log_in):
    texts = [make_key(person("manager"), name) for name in ("a", "b")]
    theirs = make_key(person("flat1"), "c")
    log_in("manager").post("/me/keys/revoke/")
    assert all("was revoked" in refused(text) for text in texts)
    assert program(theirs).get("/api/v1/reports").status_code == 200


def test_keys_by_command(building):
    run = CliRunner().invoke
    text = run(app, ["staff", "api-key", "manager", "--read-only", "--valid-days", "7"]).output.strip()
    assert "read" in run(app, ["staff", "api-keys"]).output
    assert run(app, ["staff", "api-key", "manager", "--right", "nonsense"]).exit_code != 0
    assert run(app, ["staff", "revoke-api-key", str(ApiKey.objects.get().pk)]).exit_code == 0
    assert "was revoked" in refused(text)
