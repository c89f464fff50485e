"""A program's key opens what its owner may see."""

from tests.building import set_up
from tests.server.web.test_pages import _flat


def test_an_api_key_sees_its_own_organisations_alone(program, client, building, clock):
    other = set_up(
        clock, organisation="Other", name="Elm 1", gateway="g2", manager="rival", apartments=[_flat("A", "x1")]
    )
    assert [each["name"] for each in program("get", "properties").json()] == ["Linden 5"]
    for path in ("tariffs", "shared-costs", "tenancies", "losses?first=2025-10-01&last=2025-10-01"):
        assert program("get", f"properties/{other.property.pk}/{path}").status_code == 404
    theirs = other.property.units.get().tenancies.get()
    assert program("get", f"tenancies/{theirs.pk}/statement?first=2025-10-01&last=2025-10-31").status_code == 404
    assert client.get("/api/v1/properties").status_code == 401
    assert client.get("/api/v1/properties", headers={"Authorization": "Bearer wrong"}).status_code == 401
