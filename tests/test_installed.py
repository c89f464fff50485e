"""What is installed by default: under which licences, how much it is, and that audits hide nothing."""

import re
import tomllib
from pathlib import Path

import pytest
from tools import audit, sbom
from tools.accepted import ACCEPTED
from tools.installed import COPYLEFT, INSTALLATIONS, figures, packages

ROOT = Path(__file__).parents[1]
REASONED = {each.package for each in ACCEPTED.licences}


@pytest.mark.parametrize("installation", INSTALLATIONS)
def test_no_package_of_the_default_installations_is_under_a_licence_of_gnu(installation):
    installed = packages(installation)
    assert [each.name for each in installed if not each.licence] == []
    assert {each.name: each.copyleft for each in installed if each.copyleft and each.name not in REASONED} == {}
    stale = REASONED & {each.name for each in installed if not each.copyleft}
    assert not stale, "these name no such licence any more: take them out of tools/accepted.toml"


def test_what_is_under_the_lgpl_or_gpl_is_known_as_such_and_only_in_extras():
    brought = {each.name for installation in INSTALLATIONS for each in packages(installation)}
    assert not brought & {"psycopg", "psycopg-binary", "libusb1", "libusb-package", "bumble", "beancount"}
    for words in (
        "LGPL-3.0-only",
        "GPL-2.0-only",
        "AGPL-3.0",
        "GNU Affero General Public License v3",
        "BUSL-1.1",
        "GPLv3+",
    ):
        assert COPYLEFT.search(words), words
    assert not any(
        COPYLEFT.search(words) for words in ("MIT", "MPL-2.0", "EPL-2.0 OR BSD-3-Clause", "ZPL 2.1", "PSF-2.0")
    )


@pytest.mark.parametrize("installation", INSTALLATIONS)
def test_the_figures_of_the_documents_are_near_what_is_installed(installation):
    """Within a quarter: packages grow with each lock, and systems differ."""
    text = (ROOT / "docs" / "installer" / "gateway.md").read_text()
    row = re.search(rf"^\| `[^`]*` \| a {installation} \| (\d+) \| (\d+) MB \|$", text, re.MULTILINE)
    assert row, f"docs/installer/gateway.md has no row of a {installation}"
    count, megabytes = figures(installation)
    assert int(row[1]) == pytest.approx(count, rel=0.25)
    assert int(row[2]) == pytest.approx(megabytes, rel=0.25)


def test_a_list_of_parts_holds_what_an_installation_brings_and_nothing_else():
    components = [{"bom-ref": f"{each.name}=={each.version}", "name": each.name} for each in packages("server")] + [
        {"bom-ref": "beancount==3", "name": "beancount"}
    ]
    refs = [each["bom-ref"] for each in components]
    document = {
        "bomFormat": "CycloneDX",
        "metadata": {"component": {"bom-ref": "root-component", "name": "prewatt"}},
        "components": components,
        "dependencies": [{"ref": "root-component", "dependsOn": refs}, {"ref": "beancount==3"}],
    }
    gateway = sbom.of_installation(document, "gateway")
    assert {each["name"] for each in gateway["components"]} == {each.name for each in packages("gateway")}
    (root,) = gateway["dependencies"]
    assert sorted(root["dependsOn"]) == sorted(each["bom-ref"] for each in gateway["components"])
    with pytest.raises(ValueError, match="does not list"):
        sbom.of_installation({**document, "components": components[1:]}, "server")


def _result(**changed):
    row = next(each for each in ACCEPTED.bandit if each.test == "B305")
    path = audit.SOURCE / row.file
    number = next(n for n, line in enumerate(path.read_text().splitlines(), 1) if row.line in line)
    result = {"test_id": row.test, "filename": str(path), "line_number": number, "line_range": [number]}
    return {**result, "issue_text": "ECB", "issue_severity": "MEDIUM", **changed}


def test_a_remark_is_accepted_at_its_line_alone_and_a_row_that_nothing_needs_is_told():
    said = audit.judged([_result()])
    assert len(said) == len(ACCEPTED.bandit) - 1 and all("take the row out" in each for each in said)
    for other in (_result(test_id="B999"), _result(line_number=1, line_range=[1])):
        assert any("src/prewatt/tokens/keys.py" in each and "ECB" in each for each in audit.judged([other]))


def test_an_advisory_is_told_and_a_package_that_could_not_be_audited_is_not_hidden():
    advisory = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    bad = {"name": "bad", "version": "1.0", "vulns": [advisory]}
    good = {"name": "good", "version": "1.0", "vulns": []}
    unknown = {"name": "unknown", "skip_reason": "not found"}
    assert audit.known([good]) == ([], [])
    found, unseen = audit.known([bad, good, unknown])
    assert found == ["bad 1.0: PYSEC-1, mended in 2.0"]
    assert unseen == ["Not audited, for the index does not know them: unknown."]
    assert audit.known([unknown]) == (
        [],
        ["The package index knows no advisories (a mirror, perhaps): no package was audited."],
    )


def test_audits_run_with_the_linter_over_all_that_is_pinned():
    lint = (ROOT / "Makefile").read_text().split("\nlint:")[1].split("\n\n")[0]
    assert "-m tools.audit" in lint
    assert {path.name for path in ROOT.glob("requirements*.lock")} == set(audit.LOCKS)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert [
        extra for extra, parts in extras.items() if any(part.startswith(("bandit", "pip-audit")) for part in parts)
    ] == ["test"]
