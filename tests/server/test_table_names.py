"""Tables and columns are called in the language of the page, where people see them: on *Changes* and *Set-up*."""

from django.apps import apps
from django.contrib import admin
from django.utils.functional import Promise
from django.utils.translation import override

from prewatt.server.accounts.audited import fields_of, is_audited
from prewatt.server.estate.models import Unit
from prewatt.server.payments.models import Payment

OURS = [each for each in apps.get_models() if each.__module__.startswith("prewatt.")]
OF_MACHINES = {"id", "last_used_at"}


def test_every_table_and_column_that_people_see_has_a_name_in_each_language():
    seen = [each for each in OURS if is_audited(each) or each in admin.site._registry]
    assert len(seen) > 60
    nameless = [each._meta.label for each in seen if not isinstance(each._meta.verbose_name, Promise)]
    nameless += [
        f"{each._meta.label}.{field.name}"
        for each in seen
        if is_audited(each)
        for field in fields_of(each).values()
        if field.name not in OF_MACHINES and not isinstance(field.verbose_name, Promise)
    ]
    assert not nameless
    listed = [each for each in seen if each in admin.site._registry]
    assert not [each._meta.label for each in listed if not isinstance(each._meta.verbose_name_plural, Promise)]


def test_a_name_is_said_in_the_language_of_the_page():
    with override("de"):
        assert str(Unit._meta.verbose_name_plural) == "Einheiten"
        assert str(Payment._meta.get_field("paid_at").verbose_name) == "gezahlt"
    with override("zh-hans"):
        assert str(Payment._meta.get_field("paid_at").verbose_name) == "付款时间"
