"""A statement is the same on the page, as JSON, CSV and PDF, through the API and by command."""

from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.server.estate.models import Tenancy
from tests.building import PASSWORD


def test_a_statement_on_the_page_as_json_csv_and_pdf(manager, program, lived, tmp_path):
    anna = Tenancy.objects.get(tenant="Anna")
    path = f"/tenancies/{anna.pk}/statement/?first=2025-10-07&last=2025-10-08"
    assert manager.login(username="flat1", password=PASSWORD)
    page = manager.get(path).content.decode()
    assert "14.400" in page and "-2.88" in page
    found = manager.get(f"{path}&format=json").json()
    assert found == program("get", f"tenancies/{anna.pk}/statement?first=2025-10-07&last=2025-10-08").json()
    assert (found["kwh"], found["closing"]) == ("14.400", "-2.880000000")
    assert manager.get(f"{path}&format=csv").content.startswith(b"\xef\xbb\xbfsection,text")
    pdf = manager.get(f"{path}&format=pdf")
    assert pdf.content.startswith(b"%PDF-")
    for query in (
        "first=x&last=y",
        "month=2025-13",
        "first=2025-10-08&last=2025-10-07",
        "first=0001-01-01&last=2025-10-07",
    ):
        assert manager.get(f"/tenancies/{anna.pk}/statement/?{query}", follow=True).status_code == 200
    out = tmp_path / "s.csv"
    result = CliRunner().invoke(
        app,
        [
            "tenant",
            "statement",
            "Flat 1",
            "--from",
            "2025-10-07",
            "--until",
            "2025-10-08",
            "--format",
            "csv",
            "--out",
            str(out),
        ],
    )
    assert result.exit_code == 0 and "electricity" in out.read_text()
