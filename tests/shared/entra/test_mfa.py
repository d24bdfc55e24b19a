"""Whether a token tells of MFA: only a list of methods does, and silence is not a no."""

import jwt
import pytest

from shared.entra.mfa import NO, UNKNOWN, YES, mfa_of
from shared.entra.tokens import AccessToken
from tests.shared.samples import NOON

KEY = "a key that signs nothing anybody believes"


def told(token: str) -> str:
    return mfa_of(AccessToken(token=token, expires_on=NOON, scope="s", tenant_id="t"))


@pytest.mark.parametrize(
    ("amr", "means"),
    [
        (["pwd", "mfa"], YES),
        (["mfa"], YES),
        (["pwd"], NO),
        ([], NO),
        (["MFA"], NO),
        (["pwd mfa"], NO),
        ([["mfa"]], NO),
        ("mfa", UNKNOWN),
        ({"mfa": True}, UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_the_methods_of_the_sign_in_tell(amr: object, means: str) -> None:
    assert told(jwt.encode({"amr": amr}, KEY, algorithm="HS256")) == means


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", jwt.encode({}, KEY, algorithm="HS256")])
def test_a_token_that_says_nothing_leaves_it_unknown(token: str) -> None:
    assert told(token) == UNKNOWN
