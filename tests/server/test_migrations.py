"""The models and their migrations say the same, and an empty database gets at once what the migrations would make."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import connection

from tests.migrated import MAKE
from tests.schemas import parts
from tests.settings import ON_POSTGRESQL

pytestmark = pytest.mark.database


def test_no_migration_is_missing(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.skipif(not ON_POSTGRESQL, reason="on SQLite all tests have a database that was made at once")
def test_an_empty_database_gets_what_the_migrations_make(db, tmp_path):
    """The tests' own database was made by all migrations, one after the other."""
    import psycopg

    from tests.settings import POSTGRESQL

    with psycopg.connect(POSTGRESQL.get_uri(), autocommit=True) as server:
        server.execute("CREATE DATABASE at_once")
    address = urlsplit(POSTGRESQL.get_uri())._replace(path="/at_once").geturl()
    home = {"PREWATT_HOME": str(tmp_path / "home"), "PREWATT_DATABASE": address}
    given = {**os.environ, **home, "DJANGO_SETTINGS_MODULE": "prewatt.server.settings"}
    subprocess.run([sys.executable, "-c", MAKE], env=given, check=True)

    def ask(question):
        with connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchall()

    with psycopg.connect(address) as made:
        at_once = parts("postgresql", lambda question: made.execute(question).fetchall())
    step_by_step = parts("postgresql", ask)
    assert at_once == step_by_step
    assert {"columns", "constraints", "indexes", "triggers", "functions", "permissions"} <= {
        kind for kind, *_ in at_once
    }
