"""What a process loads when it starts."""

import os
import subprocess
import sys

SCRIPT = """
import sys
from prewatt.processes.database import load_models
load_models()
import prewatt.headend.shell
print([name for name in ("prewatt.server.administration.admin", "unfold.admin") if name in sys.modules])
from django.urls import reverse
print(reverse("admin:estate_property_changelist"))
"""


def test_only_the_pages_load_the_forms_of_the_administration(tmp_path):
    """They are a third of what there is to load, and head-end, worker and commands have no use for them."""
    environment = {**os.environ, "PREWATT_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "prewatt.server.settings"}
    environment.pop("PREWATT_DATABASE", None)
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "/admin/estate/property/"]
