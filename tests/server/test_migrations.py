"""The models and their migrations say the same."""

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.database


def test_no_migration_is_missing(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
