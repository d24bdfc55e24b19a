"""Entra ID's token signing keys, shared through the state folder by the parts that sign and that verify."""

import json
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

_UNPUBLISHED = ".unpublished"
MOST_REMEMBERED = 1000


class SigningKeys:
    """RSA keys in a folder, newest last; `sign` uses the newest, `verify` any, and `key_set` shows those published."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: dict[str, rsa.RSAPrivateKey] = {}
        self._verified: dict[tuple[str, str], dict[str, Any]] = {}

    def rotate(self, *, alone: bool = False) -> str:
        """Add a key and sign with it from now on; returns its id. With `alone`, no older one is published any more."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key_id = f"{len(self._files()):04d}-{secrets.token_hex(8)}"
        file = self._folder / f"{key_id}.pem"
        beside = file.with_suffix(".new")
        beside.touch(mode=0o600)
        beside.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        older = self._files()
        beside.replace(file)
        for former in older if alone else []:
            former.with_suffix(_UNPUBLISHED).touch()
        return key_id

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A JWT over `claims`, signed RS256 as Entra ID signs (`typ` is always JWT)."""
        key_id, key = list(self._keys().items())[-1]
        return jwt.encode(dict(claims), key, algorithm="RS256", headers={"kid": key_id, "x5t": key_id})

    def verify(self, token: str, *, audience: str | list[str]) -> dict[str, Any]:
        """The claims of a token that one of these keys signed for `audience`; raises jwt.PyJWTError otherwise."""
        claims = self._verified.get((token, str(audience)), {})
        if not _is_valid_now(claims):
            if len(self._verified) == MOST_REMEMBERED:
                self._verified.clear()
            claims = self._verified[token, str(audience)] = self._verify(token, audience)
        return dict(claims)

    def _verify(self, token: str, audience: str | list[str]) -> dict[str, Any]:
        key = self._keys().get(jwt.get_unverified_header(token).get("kid", ""))
        if key is None:
            raise jwt.InvalidKeyError("unknown key id")
        return jwt.decode(token, key.public_key(), algorithms=["RS256"], audience=audience)

    def key_set(self) -> dict[str, list[dict[str, Any]]]:
        """The published keys as a JSON Web Key Set (RFC 7517)."""
        hidden = {file.stem for file in self._folder.glob(f"*{_UNPUBLISHED}")}
        return {"keys": [self._public(key_id, key) for key_id, key in self._keys().items() if key_id not in hidden]}

    @staticmethod
    def _public(key_id: str, key: rsa.RSAPrivateKey) -> dict[str, Any]:
        public: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        return {"kty": "RSA", "use": "sig", "kid": key_id, "x5t": key_id, "n": public["n"], "e": public["e"]}

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.pem"))

    def _keys(self) -> dict[str, rsa.RSAPrivateKey]:
        for file in self._files():
            if file.stem not in self._loaded:
                key = serialization.load_pem_private_key(
                    file.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True
                )
                assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - only this class writes the folder
                self._loaded[file.stem] = key
        return self._loaded


def _is_valid_now(claims: Mapping[str, Any]) -> bool:
    """Whether a token that was verified before need not be again: callers show the same one with every request."""
    begins = max(claims.get("nbf", 0), claims.get("iat", 0))
    return bool(begins <= time.time() < claims.get("exp", 0))
