"""Replacements that were begun: what is to stand there in the end is kept first, so that whoever comes next makes it.

Between taking back and making again the broker may be killed, and then nothing else would know what there was.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from shared.clock import Clock, from_text, to_text
from shared.cloud import Cloud
from shared.customers.application_grants import Grant, GrantSet
from shared.customers.granted import union
from shared.customers.results import TABLE
from shared.rows import Row, Rows

REPLACING = "replacing"
# What is older than this has been seen to by a person.
KEPT_FOR = timedelta(days=7)

# Application id of each API -> scopes.
type Scopes = Mapping[str, Sequence[str]]


class Replacements:
    """Reads and writes them; every method may block, and raises RowsUnavailable or RowsRefused."""

    def __init__(self, rows: Rows, *, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    def begin(self, tenant_id: str, wanted: Scopes) -> None:
        """Keep what is to stand there, before anything is taken back."""
        fields = {"wanted": json.dumps({api: list(scopes) for api, scopes in wanted.items()})}
        fields["begun_on"] = to_text(self._clock())
        self._rows.put(TABLE, Row(partition=REPLACING, key=tenant_id, fields=fields))

    def unfinished(self, tenant_id: str) -> Scopes:
        """What is to stand there by a replacement that nobody has ended; nothing where there is none."""
        row = self._rows.get(TABLE, REPLACING, tenant_id)
        try:
            if row is None or self._clock() - from_text(str(row.fields["begun_on"])) > KEPT_FOR:
                return {}
            wanted = json.loads(str(row.fields["wanted"])).items()
            return {str(api): tuple(str(scope) for scope in scopes) for api, scopes in wanted}
        except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
            return {}

    def end(self, tenant_id: str) -> None:
        """All of it stands there, or an operator has taken all back."""
        self._rows.delete(TABLE, REPLACING, tenant_id)


def with_unfinished(grants: GrantSet, unfinished: Scopes, cloud: Cloud) -> GrantSet:
    """The grant set, and beside it what an unfinished replacement is to leave there."""
    named = {grant.application_id for grant in grants.grants}
    wider = [replace(one, scopes=union(one.scopes, unfinished.get(one.application_id, ()))) for one in grants.grants]
    beyond = [Grant.of_api(api, cloud, scopes) for api, scopes in unfinished.items() if api not in named]
    return replace(grants, grants=[*wider, *beyond])
