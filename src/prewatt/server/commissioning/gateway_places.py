"""To which gateway each new meter of a property is connected: the one that its line names, else the first one with
room, else a new one.
"""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.names import natural
from ...wire.messages import MAX_METERS
from ..core.fields import check_gateway_name
from ..estate.models import Property
from ..metering.models import Gateway
from .installing import InstallError

USUAL = "gateway-1"
"""The name of the first gateway of a building, if nobody has chosen another and it is free."""


class Places:
    """The places for meters at a property's gateways. `new`: the names of gateways that are to be created, each with the
    number of its meters.
    """

    def __init__(self, property_: Property, usual: str = "") -> None:
        """`usual`: the name of the first new gateway; empty: `USUAL`, or the next name that is free."""
        self.new: dict[str, int] = {}
        self._usual = usual
        self._taken = set(Gateway.objects.values_list("name", flat=True))
        rows = sorted(property_.gateways.all(), key=lambda each: natural(each.name)) if property_.pk else []
        self._revoked = {each.name for each in rows if each.is_revoked}
        self._meters = {each.name: each.meters.count() for each in rows if not each.is_revoked}
        self._for_any = list(self._meters)

    def name(self, wanted: str) -> str:
        """Take a place at the gateway that a line names; return its name. Raises InstallError if that can't be."""
        if wanted in self._revoked:
            raise InstallError(_("gateway %(name)s is archived. Name another one") % {"name": wanted})
        if wanted not in self._meters and wanted not in self.new:
            self._check_free(wanted)
        return self._take(wanted)

    def any(self) -> str:
        """Take a place at the first gateway that has one, a new one if none has. Gateways that lines name are left to those
        lines. Raises InstallError if the new one can't have the usual name.
        """
        for name in self._for_any:
            if self._count(name) < MAX_METERS:
                return self._take(name)
        # The usual one may be named by some lines and meant by the others.
        name = self._usual if self._usual in self.new and self._usual not in self._for_any else self.free_name()
        self._for_any.append(name)
        return self.any() if name in self.new else self._take(name)

    def free_name(self) -> str:
        """Return the name of the next new gateway. Raises InstallError if somebody chose it and it is taken."""
        if self._usual and self._usual not in self.new:
            self._check_free(self._usual)
            return self._usual
        return self.free_name_like(self._usual or USUAL)

    def free_name_like(self, name: str) -> str:
        """Return a name that is free: this one, or one with another number behind it."""
        match = re.fullmatch(r"(.*)-(\d{1,6})", name)
        stem, number = (match[1], int(match[2])) if match else (name, 1)
        free = name
        while free in self._taken or free in self.new:
            number += 1
            free = f"{stem[:25]}-{number}"
        return free

    def _count(self, name: str) -> int:
        return self._meters.get(name, 0) + self.new.get(name, 0)

    def _take(self, name: str) -> str:
        counts = self._meters if name in self._meters else self.new
        counts[name] = counts.get(name, 0) + 1
        return name

    def _check_free(self, name: str) -> None:
        try:
            check_gateway_name(name)
        except ValidationError as error:
            raise InstallError("; ".join(error.messages)) from None
        if name in self._taken:
            raise InstallError(
                _("there is a gateway %(name)s already, in another building. Give this one another name")
                % {"name": name}
            )

    def check(self) -> None:
        """Raise InstallError if lines name one gateway for more meters than it can have."""
        for name in (*self._meters, *self.new):
            if (meters := self._count(name)) > MAX_METERS:
                raise InstallError(
                    _(
                        "gateway %(name)s would have %(meters)d meters, but a gateway can have %(most)d at most. Name "
                        "another one for some of them in the column 'gateway', or leave it empty: then the meters are "
                        "divided over several gateways"
                    )
                    % {"name": name, "meters": meters, "most": MAX_METERS}
                )
