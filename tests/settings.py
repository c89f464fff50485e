"""The server's settings for tests: a home of its own for each test process."""

import atexit
import os
import shutil
import tempfile

if "PREWATT_HOME" not in os.environ:
    os.environ["PREWATT_HOME"] = tempfile.mkdtemp(prefix="prewatt-test-")
    atexit.register(shutil.rmtree, os.environ["PREWATT_HOME"], ignore_errors=True)

from prewatt.server.settings import *  # noqa: F403

# Tests make many logins; their strength is not what is tried.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
