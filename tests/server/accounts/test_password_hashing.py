"""A stolen hash of a password is costly to guess from."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import ScryptPasswordHasher, check_password, make_password


@pytest.fixture
def real(settings):
    """As the server hashes; tests of all else do it cheaply."""
    from prewatt.server import settings as own

    settings.PASSWORD_HASHERS = own.PASSWORD_HASHERS


def test_a_password_is_hashed_with_scrypt_at_its_costs_and_a_salt_of_its_own(real):
    algorithm, costs, salt, block, lanes, _hash = make_password("correct horse battery").split("$")
    assert (algorithm, int(costs), int(block), int(lanes)) == ("scrypt", 2**16, 8, 1)
    assert len(salt) >= 22, "128 bits of letters and digits"
    assert make_password("correct horse battery").split("$")[2] != salt


def test_a_password_that_was_hashed_more_cheaply_is_hashed_anew_at_the_next_log_in(real, db):
    before = ScryptPasswordHasher().encode("correct horse battery", "a" * 22)
    user = get_user_model().objects.create(username="anna", password=before)
    assert not check_password("correct horse batters", before)
    assert user.check_password("correct horse battery")
    user.refresh_from_db()
    assert user.password.split("$")[1] == "65536" and user.check_password("correct horse battery")
