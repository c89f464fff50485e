"""Moving in, and how tenants are reached, by command."""

import pytest
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.kernel.units import HOUR
from prewatt.server.accounts.invitations import invitation_of
from prewatt.server.estate.models import Tenancy
from prewatt.server.notices.contact import Contact
from prewatt.server.notices.contacts import kept
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.tenancies.moving import move_out

pytestmark = pytest.mark.django_db


def tenant(*words, status=0):
    result = CliRunner().invoke(app, ["tenant", *words])
    assert result.exit_code == status, result.output
    return result.output


def test_a_tenant_moves_in_with_a_login_a_deposit_and_a_contact(building, clock):
    before = Tenancy.objects.get(unit__name="Flat 1")
    taken = tenant("move-in", "Flat 1", "Zoe", status=2)
    assert "Traceback" not in taken and Tenancy.objects.filter(unit__name="Flat 1").count() == 1
    clock.at += HOUR
    move_out(before, clock.now())
    said = tenant("move-in", "Flat 1", "Zoe", "--people", "2", "--deposit", "50,00", "--email", "zoe@example.com")
    assert "Zoe, Flat 1" in said
    tenancy = Tenancy.objects.get(tenant="Zoe")
    assert tenancy.occupants == 2 and invitation_of(said.split()[0]).tenancy == tenancy
    assert kept(recipient_of(tenancy)).email == "zoe@example.com"
    wrong = tenant("move-in", "Flat 2", "Yan", "--email", "nowhere", status=2)
    assert "--email: " in wrong


def test_a_contact_is_set_and_what_is_left_out_stays(building):
    assert "+491" in tenant("contact", "Flat 1", "--phone", "0151 12345678", "--email", "a@example.com")
    assert "a@example.com" in tenant("contact", "Flat 1", "--language", "zh")
    tenancy = Tenancy.objects.get(unit__name="Flat 1")
    assert kept(recipient_of(tenancy)) == Contact("+4915112345678", "a@example.com", "zh")
    assert "--phone: " in tenant("contact", "Flat 1", "--phone", "12", status=2)


def test_many_contacts_are_shown_before_they_are_saved(building, tmp_path):
    units = Tenancy.objects.get(unit__name="Flat 1")
    assert "Flat 1, " in tenant("contacts")
    path = tmp_path / "list.csv"
    path.write_text(f"unit,tenant,email\nFlat 1,{units.tenant},b@example.com\n")
    assert "b@example.com" in (shown := tenant("contacts", str(path))) and "add --save" in shown
    assert kept(recipient_of(units)).email == ""
    assert "Contacts saved: 1." in tenant("contacts", str(path), "--save")
    assert kept(recipient_of(units)).email == "b@example.com"
    path.write_text(f"unit,tenant,email,Kontakt\nFlat 1,{units.tenant},c@example.com,x\n")
    assert "not used: Kontakt." in tenant("contacts", str(path))
    path.write_text("unit,tenant,email\nAttic,Nobody,b@example.com\n")
    assert str(path) in tenant("contacts", str(path), status=2)
