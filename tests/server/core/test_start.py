"""What a process loads when it starts."""

import os
import subprocess
import sys

SCRIPT = """
import sys
from prewatt.processes.database import load_models
load_models()
import prewatt.headend.shell
print([name for name in ("prewatt.server.administration.admin", "unfold.admin", "unfold.sites") if name in sys.modules])
others = ("alipay", "stripe", "wechatpayv3", "apprise", "requests", "numpy", "holidays")
print([name for name in others if name in sys.modules])
from django.urls import reverse
print(reverse("admin:estate_property_changelist"))
"""


def test_a_process_loads_no_forms_and_no_libraries_of_others_that_it_has_no_use_for(tmp_path):
    """The forms of the administration are the pages' alone, the libraries of providers and channels those of who pays and sends: two
    thirds of what there is to load, and head-end and commands start without it.
    """
    environment = {**os.environ, "PREWATT_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "prewatt.server.settings"}
    environment.pop("PREWATT_DATABASE", None)
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[]", "/admin/estate/property/"]
