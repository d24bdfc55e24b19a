"""The secrets of one vault in a SQLite file: names, their versions, and what is soft-deleted."""

import json
import sqlite3
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from local.key_vault.version import Properties, SecretVersion

# Key Vault's default; soft delete itself cannot be switched off.
RETENTION_DAYS = 90
RETENTION_SECONDS = RETENTION_DAYS * 24 * 60 * 60

# `latest` is kept because neither a version's random id nor its whole seconds tell which was written last.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS secret (
    name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
    latest INTEGER,
    deleted_on INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deleted_secret ON secret (deleted_on) WHERE deleted_on IS NOT NULL;
CREATE TABLE IF NOT EXISTS version (
    sequence INTEGER PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE REFERENCES secret ON DELETE CASCADE,
    version TEXT NOT NULL COLLATE NOCASE,
    value TEXT NOT NULL,
    content_type TEXT,
    tags TEXT,
    enabled INTEGER NOT NULL,
    not_before INTEGER,
    expires INTEGER,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    UNIQUE (name, version)
);
CREATE VIEW IF NOT EXISTS every_version AS
    SELECT secret.name, version, value, content_type, tags, enabled, not_before, expires, created, updated, deleted_on
    FROM secret JOIN version ON version.name = secret.name;
CREATE VIEW IF NOT EXISTS latest_version AS
    SELECT secret.name, version, value, content_type, tags, enabled, not_before, expires, created, updated, deleted_on
    FROM secret JOIN version ON version.sequence = secret.latest;
"""


class Store:
    """One vault's database, readable by this user only; a change is committed when its method returns.

    Names and version ids are case-insensitive; a secret keeps the spelling its name was first written in.
    """

    def __init__(self, file: Path) -> None:
        file.touch(mode=0o600)
        self._connection = sqlite3.connect(file)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; nothing else is left to be done, since every change is committed already."""
        self._connection.close()

    def seed(self, values: Mapping[str, str]) -> None:
        """Put these secrets (name -> value) into a new database; an old one stays as it is."""
        (seeded,) = self._connection.execute("PRAGMA user_version").fetchone()
        if not seeded:
            for name, value in values.items():
                self.put(name, value, Properties())
            self._connection.execute("PRAGMA user_version = 1")

    def put(self, name: str, value: str, properties: Properties) -> str:
        """Write a new version, which becomes the latest, and return its id."""
        now = int(time.time())
        said = asdict(properties) | {"enabled": properties.enabled is not False}
        version = SecretVersion(
            name=name, version=uuid.uuid4().hex, value=value, **said, created=now, updated=now, deleted_on=None
        )
        self.add([version])
        return version.version

    def add(self, versions: Sequence[SecretVersion]) -> None:
        """Write versions of one secret as they are, oldest first; the last becomes the latest."""
        with self._connection as transaction:
            for version in versions:
                row = _row(version)
                transaction.execute("INSERT OR IGNORE INTO secret (name) VALUES (:name)", row)
                written = transaction.execute(
                    "INSERT INTO version (name, version, value, content_type, tags, enabled, not_before, expires,"
                    " created, updated) VALUES (:name, :version, :value, :content_type, :tags, :enabled, :not_before,"
                    " :expires, :created, :updated)",
                    row,
                )
                transaction.execute("UPDATE secret SET latest = ? WHERE name = ?", (written.lastrowid, version.name))

    def update(self, name: str, version: str, properties: Properties) -> None:
        """Change what `properties` says of a version; its tags are replaced as a whole."""
        with self._connection as transaction:
            transaction.execute(
                "UPDATE version SET content_type = coalesce(:content_type, content_type), tags = coalesce(:tags, tags),"
                " enabled = coalesce(:enabled, enabled), not_before = coalesce(:not_before, not_before),"
                " expires = coalesce(:expires, expires), updated = :now WHERE name = :name AND version = :version",
                _row(properties) | {"name": name, "version": version, "now": int(time.time())},
            )

    def latest(self, name: str, *, deleted: bool = False) -> SecretVersion | None:
        """The latest version of a secret (of a soft-deleted one if `deleted`)."""
        found = self._read(
            "SELECT * FROM latest_version WHERE name = ? AND (deleted_on IS NOT NULL) = ?", name, deleted
        )
        return found[0] if found else None

    def version(self, name: str, version: str) -> SecretVersion | None:
        """One version of a secret that is not soft-deleted."""
        found = self._read(
            "SELECT * FROM every_version WHERE name = ? AND version = ? AND deleted_on IS NULL", name, version
        )
        return found[0] if found else None

    def secrets(self, *, after: str, count: int, deleted: bool = False) -> list[SecretVersion]:
        """The latest versions of at most `count` secrets whose names follow `after`, by name."""
        return self._read(
            "SELECT * FROM latest_version WHERE name > ? AND (deleted_on IS NOT NULL) = ? ORDER BY name LIMIT ?",
            after,
            deleted,
            count,
        )

    def versions(self, name: str, *, after: str, count: int) -> list[SecretVersion]:
        """At most `count` versions of a secret whose ids follow `after`: by id, as the service does, not by time."""
        return self._read(
            "SELECT * FROM every_version WHERE name = ? AND version > ? AND deleted_on IS NULL"
            " ORDER BY version LIMIT ?",
            name,
            after,
            count,
        )

    def history(self, name: str, *, count: int) -> list[SecretVersion]:
        """At most `count` versions of a secret, oldest first."""
        return self._read(
            "SELECT every_version.* FROM every_version JOIN version USING (name, version)"
            " WHERE name = ? AND deleted_on IS NULL ORDER BY sequence LIMIT ?",
            name,
            count,
        )

    def delete(self, name: str) -> None:
        """Soft-delete a secret with all its versions."""
        self._change("UPDATE secret SET deleted_on = ? WHERE name = ?", int(time.time()), name)

    def recover(self, name: str) -> None:
        """Bring a soft-deleted secret back with all its versions."""
        self._change("UPDATE secret SET deleted_on = NULL WHERE name = ?", name)

    def purge(self, name: str) -> None:
        """Remove a soft-deleted secret for good."""
        self._change("DELETE FROM secret WHERE name = ? AND deleted_on IS NOT NULL", name)

    def purge_due(self) -> None:
        """Remove for good what was soft-deleted longer ago than the retention."""
        self._change("DELETE FROM secret WHERE deleted_on <= ?", int(time.time()) - RETENTION_SECONDS)

    def _change(self, statement: str, *values: object) -> None:
        with self._connection as transaction:
            transaction.execute(statement, values)

    def _read(self, query: str, *values: object) -> list[SecretVersion]:
        return [_version(row) for row in self._connection.execute(query, values)]


def _row(said: Properties | SecretVersion) -> dict[str, Any]:
    return asdict(said) | {"tags": None if said.tags is None else json.dumps(dict(said.tags))}


def _version(row: sqlite3.Row) -> SecretVersion:
    columns = dict(row)
    tags = columns.pop("tags")
    enabled = bool(columns.pop("enabled"))
    return SecretVersion(**columns, enabled=enabled, tags=None if tags is None else json.loads(tags))
