"""Every page of a manager, a tenant and somebody at the door, in a real browser on a phone and on a desk, by day and by night: none
is wider than the screen, all can be tapped, heard and read.

`LOOK=folder` keeps a picture of each, `SPOKEN=de` walks them in German.
"""

import os
import re

import pytest

from tests.server.accounts.landlords import GIVE, landlord, numbers
from tests.server.web.addresses import pages
from tests.system.walking import NOWHERE, Visitor

pytestmark = pytest.mark.django_db
# The browser's driver runs a loop in this thread; the database is used beside it, never within it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
PICTURES = os.environ.get("LOOK", "")
ONLY, LANGUAGE = os.environ.get("ONLY", ""), os.environ.get("SPOKEN", "en")
NAMED = {"provider": "stripe", "kind": "email"}
DOORS = ("/login/", "/login/code/", "/password/", "/join/", f"/give/{GIVE}/", "/give/nothing/", NOWHERE)
LEFT = re.compile(
    r"download|/file/|photo|(?<!gift-)links/|keys/<|progress|join/<|give/<|/sheet/|logout|export|on-site/(?:files|worker)"
)
"""Addresses of files, of parts of pages, and of links that are sent to people."""


def filled(address, rows):
    """An address with the numbers of rows; None if there is no such row."""
    parts = []
    for part in address.split("/"):
        match = re.search(r"<(?:\w+:)?(\w+)>", part)
        value = (NAMED.get(match[1]) or rows.get(parts[-1])) if match else part
        if value is None:
            return None
        parts.append(f"{value}")
    return "/" + "/".join(parts)


def walk(browser, user, paths):
    """What is wrong with which page, and how many were looked at."""
    visitor = Visitor(browser, user, PICTURES, LANGUAGE)
    found = {path: visitor.look_at(path) for path in paths if re.search(ONLY, path)}
    visitor.close()
    seen = {path: wrong for path, wrong in found.items() if wrong is not None}
    return len(seen), [f"{path}\n    " + "\n    ".join(wrong) for path, wrong in seen.items() if wrong]


@pytest.fixture
def target(db, clock, settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    return landlord(clock, "target", "m")


def test_every_page_fits_a_phone_and_a_desk_and_can_be_read_by_everybody(target, browser):
    rows = numbers(target)
    addresses = sorted({each.address for each in pages() if not LEFT.search(each.address)})
    paths = [path for each in addresses if (path := filled(each, rows)) is not None]
    owner, tenant = target.people["owner"], target.tenant
    owner.is_staff = True
    owner.save()
    looked, wrong = walk(
        browser, owner, [path for path in paths if not path.startswith(("/me/", "/login/", "/password"))]
    )
    his, more = walk(
        browser, tenant, [path for path in paths if re.match("/(me|tenancies|bills|payments|account)/", path)]
    )
    doors, still = walk(browser, None, DOORS)
    assert not wrong + more + still, "\n" + "\n".join([*wrong, *more, *still])
    assert ONLY or (looked > 50 and his > 10 and doors == len(DOORS))
