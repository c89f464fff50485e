"""The two workers of one phone, in Node: they share its storage, and what one keeps the other leaves alone."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from prewatt.server.console.on_site import views
from prewatt.server.tenant.app import worker

PHONE = Path(__file__).parent / "on_site" / "workers.js"


def played(name, *sources):
    """What is in the phone after a story of `workers.js`."""
    given = json.dumps({"story": name, "sources": sources})
    done = subprocess.run(
        [shutil.which("node") or "node", PHONE], input=given, capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


@pytest.fixture
def on_site(rf):
    return views.worker(rf.get("/on-site/worker/")).content.decode()


def test_a_new_version_of_the_tenants_worker_leaves_the_page_on_site_in_the_phone(on_site):
    found = played("update", on_site, worker.text())
    assert "/on-site/" in found and [each for each in found if "on-site" in each and each.endswith(".js")]
    assert "/static/old.js" not in found and "/me/kept/" in found


def test_who_logs_in_again_after_a_log_out_has_all_that_the_page_on_site_needs_without_a_network(on_site):
    found = played("log-out", on_site)
    assert found["before"] == found["offline"] and len(found["before"]) > 3
    assert found["between"] == []
