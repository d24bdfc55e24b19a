"""The values of a vault: what a request says about a version of a secret, and a version as it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """What a request says about a version besides its value; None is "not said". Times are Unix seconds."""

    content_type: str | None = None
    tags: Mapping[str, str] | None = None
    enabled: bool | None = None
    not_before: int | None = None
    expires: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretVersion:
    """One stored version of a secret; times are whole Unix seconds, `deleted_on` is the whole secret's."""

    name: str
    version: str
    value: str = field(repr=False)
    content_type: str | None
    tags: Mapping[str, str] | None
    enabled: bool
    not_before: int | None
    expires: int | None
    created: int
    updated: int
    deleted_on: int | None
