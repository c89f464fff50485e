"""The published data: RFC 2994 for MISTY1, and cases of the compliance test specification STS 531-1."""

import json
from pathlib import Path

import pytest

from prewatt.tokens.misty1 import Misty1
from tests.tokens.cases import run_file

VECTORS = Path(__file__).parent / "vectors"

LACKING = {
    # (case, which of its tokens): what the file does not state
    ("STS_531_1_0_02_CTSA09/step3CTSA09Test", 2): "the date of the second and third of its tokens",
    ("STS_531_1_0_02_CTSA09/step3CTSA09Test", 3): "the date of the second and third of its tokens",
    ("STS_531_1_0_04_CTSA09/step2CTSA09Test", 1): "the date: the token is of a minute later than the one stated",
} | {
    (f"STS_531_1_0_02_CTSA11/step{step}CTSA10Test", which): "the control bits, which the source shifts in a variable"
    for step in range(1, 17, 2)
    for which in (1, 2)
}
"""Tokens that can only be decoded, and made anew from what they were decoded to: `docs/programmer/tokens.md` has this table."""


def test_misty1_gives_the_ciphertext_of_its_rfc_and_takes_it_back():
    data = json.loads((VECTORS / "misty1_rfc2994.json").read_text())
    cipher = Misty1(bytes.fromhex(data["key"]))
    for plain, sealed in zip(data["plaintext"], data["ciphertext"], strict=True):
        assert cipher.encrypt(int(plain, 16)) == int(sealed, 16)
        assert cipher.decrypt(int(sealed, 16)) == int(plain, 16)


def test_every_published_case_comes_out_both_ways_or_is_listed_with_what_it_lacks():
    outcomes, lacking = list(run_file(VECTORS / "sts_531_1.json")), {}
    places = {}
    for case, _, _, outcome in outcomes:
        places[case] = places.get(case, 0) + 1
        assert not outcome.startswith("WRONG"), outcome
        if outcome != "both ways":
            lacking[case, places[case]] = outcome
    assert len(outcomes) == 155
    assert len(places) == 132
    assert lacking.keys() == LACKING.keys()


@pytest.mark.parametrize("broken", ["12345678901234567890", "67206107716095682371"])
def test_a_case_with_another_token_does_not_pass(broken, tmp_path):
    document = json.loads((VECTORS / "sts_531_1.json").read_text())
    case = next(each for each in document["cases"] if each["case"] == "STS_531_1_0_02_CTSA01/step2Test")
    case["expect"] = [["token", broken]]
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"cases": [case]}))
    assert [outcome[3][:5] for outcome in run_file(path)] == ["WRONG"]
