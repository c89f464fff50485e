"""Whatever a form or a call changes is in the audit log: each row that differs afterwards, however it was written."""

from contextlib import contextmanager

import pytest
from django.apps import apps

from prewatt.server.accounts.audit import AuditEntry
from prewatt.server.accounts.audited import NOT_AUDITED, SECRET, fields_of, is_audited, is_hidden
from tests.server.test_two_landlords import CALLS, FORMS, both  # noqa: F401

pytestmark = pytest.mark.django_db
AUDITED = [each for each in apps.get_models() if is_audited(each)]


def rows():
    """All rows that are audited, with the columns that people change."""
    return {
        (model._meta.label, str(row.pop("pk"))): row
        for model in AUDITED
        for row in model._base_manager.order_by().values("pk", *fields_of(model))
    }


@contextmanager
def watched(client, wrong):
    """Looks what each POST of a browser or a program changes, and whether all of it was told."""
    original = client.request

    def request(**environment):
        if environment.get("REQUEST_METHOD") != "POST":
            return original(**environment)
        before, last = rows(), AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        answer = original(**environment)
        after = rows()
        entries = AuditEntry.objects.filter(pk__gt=last)
        told = set(entries.values_list("model", "row"))
        for key in before.keys() | after.keys():
            if before.get(key) != after.get(key) and key not in told and (key[0], "") not in told:
                wrong.append((environment["PATH_INFO"], key))
        for entry in entries:
            if entry.row and (entry.model, entry.row) not in before.keys() | after.keys():
                wrong.append((environment["PATH_INFO"], f"tells of {entry}, which is nowhere"))
        return answer

    client.request = request
    yield
    client.request = original


def test_every_form_and_call_has_all_that_it_changes_in_the_log(both):  # noqa: F811
    mine, _theirs = both
    wrong = []
    with watched(mine.client, wrong), watched(mine.tenant, wrong):
        for act in {**FORMS, **CALLS}.values():
            act(mine)
    assert wrong == []
    assert AuditEntry.objects.values("page").distinct().count() > 40
    owners = set(AuditEntry.objects.values_list("organisation", flat=True))
    assert owners == {mine.owner.pk}


def test_no_secret_can_come_into_the_log():
    for model in AUDITED:
        for field in fields_of(model).values():
            is_secret = SECRET.search(field.name) or field.get_internal_type() == "BinaryField"
            assert is_hidden(field) or not is_secret or field.is_relation, field


def test_what_is_not_audited_is_there():
    known = {each._meta.label for each in apps.get_models()} | {each.label for each in apps.get_app_configs()}
    assert set(NOT_AUDITED) <= known
