"""The staff grants that hold no more, as the newest list of the server that has reached this gateway says. Logic without I/O.

The list comes over the network, or a phone brings it. It is stored as it was signed, and its signature is checked again
at each start. So a list of another server or property, from before this gateway was enrolled anew, is not believed.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import DecodeError, msgpack

from ..wire.on_site import OnSiteError, Revocations, SignedRevocations, encode, open_revocations
from ..wire.signing import VerifyKey

_decoder = msgpack.Decoder(SignedRevocations)


class RevokedGrants:
    """The list that holds here. `server`: the key of the server whose signature is believed."""

    def __init__(self, server: VerifyKey | None = None, property_id: int = 0, kept: bytes = b"") -> None:
        """`kept` is what `take` returned last, and was stored."""
        self._server, self._property = server, property_id
        self._list: Revocations | None = None
        if kept:
            try:
                self.take(_decoder.decode(kept))
            except (OnSiteError, DecodeError):
                # Of another server or property: its grants hold nowhere here.
                self._list = None

    @property
    def number(self) -> int:
        """Return the number of the list; 0 if there is none."""
        return self._list.number if self._list is not None else 0

    @property
    def made_at(self) -> int:
        """Return when the list was signed (µs); 0 if there is none. The present time can't be earlier."""
        return self._list.made_at if self._list is not None else 0

    def __contains__(self, grant: str) -> bool:
        """Return whether the grant with this id holds no more."""
        return self._list is not None and grant in self._list.grants

    def take(self, signed: SignedRevocations) -> bytes:
        """Take up a list. Returns what is to be stored; nothing if the list is not newer than the one that is here. Raises
        OnSiteError if the server did not sign it for this property.
        """
        if self._server is None:
            raise OnSiteError(
                "this gateway does not know its server's key, so it can't check the list of revoked grants"
            )
        revocations = open_revocations(self._server, signed, self._property)
        if revocations.number <= self.number:
            return b""
        self._list = revocations
        return encode(signed)


def load_revoked(kept: Mapping[str, bytes], server: VerifyKey, property_id: int) -> RevokedGrants:
    """Return the stored list. `kept`: what is stored under `memory.REVOKED`, by meter; the gateway's own stands under the empty
    name.
    """
    return RevokedGrants(server, property_id, kept.get("", b""))
