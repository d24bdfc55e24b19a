"""partner-broker doctor: what is set up here, what the broker sees, and what Graph and ARM tell whoever may ask."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from partner_token import acts
from partner_token.exit_codes import of_batch, of_outcome
from partner_token.options import Asker, asking, consent_option
from partner_token.printed import TABLE, say, show_rows
from partner_token.seen import BAD, NOT_TRIED, Seen, bad, failed, good

COLUMNS = {"where": "WHERE", "what": "WHAT", "state": "STATE", "says": "WHAT IS SEEN"}
BROKER = "broker"


@click.command()
@click.option("--graph-url", metavar="URL", help="Microsoft Graph, where the broker's cloud is none of Microsoft's.")
@click.option("--arm-url", metavar="URL", help="Azure Resource Manager, likewise.")
@consent_option
@asking
def doctor(asker: Asker, *, consent: str, graph_url: str | None, arm_url: str | None) -> int:
    """Look at all that a broker stands on; ends with 1 when somebody has to mend something.

    Three parts: here (settings, names, sign-in, roles); what the broker sees (its identity, vaults, authority,
    credential, policy, consents, Partner Center); and what Graph and ARM tell you, where you may ask them. Nothing is
    changed.
    """
    seen = list(_all(asker, consent, graph_url, arm_url))
    rows = [one.fields for one in seen]
    show_rows(asker.output, rows, rows, COLUMNS if asker.output == TABLE else {**COLUMNS, "to_do": "TO DO"})
    if asker.output == TABLE:
        for one in seen:
            if one.state == BAD and one.to_do:
                say(f"{one.where} {one.what}: {one.to_do}")
    return of_batch(one.exit_code for one in seen if one.state == BAD)


def _all(asker: Asker, consent: str, graph_url: str | None, arm_url: str | None) -> Iterator[Seen]:
    from partner_token.doctor_azure import seen_in_azure
    from partner_token.doctor_here import seen_here

    here = list(seen_here(asker))
    yield from here
    if any(one.state == BAD and one.what in {"settings", "names", "broker", "sign-in"} for one in here):
        yield Seen(where=BROKER, what="diagnosis", state=NOT_TRIED, says="What is bad above comes first.")
        return
    try:
        found = asker.operations().diagnosis(consent)
    except Exception as error:  # noqa: BLE001 - a refusal is what there is to report
        yield failed(BROKER, "diagnosis", error)
        return
    yield from (_of_broker(part) for part in found["parts"])
    yield from seen_in_azure(asker, found, graph_url=graph_url, arm_url=arm_url)


def _of_broker(part: Mapping[str, Any]) -> Seen:
    facts = ", ".join(f"{name} {_plain(fact)}" for name, fact in part["facts"].items() if fact not in (None, "", []))
    code = f"{part['code']}: " if part["code"] else ""
    says = f"{code}{part['says']}" if part["says"] else facts
    if part["state"] == BAD:
        act = part["act"] or {}
        to_do = acts.words(str(act.get("name")), act.get("parameters") or {}, otherwise=part["remedy"] or "")
        return bad(BROKER, part["part"], says, to_do, exit_code=of_outcome(str(act.get("name"))))
    if part["state"] == "good":
        return good(BROKER, part["part"], says)
    return Seen(where=BROKER, what=part["part"], state=NOT_TRIED, says=says)


def _plain(fact: Any) -> str:  # noqa: ANN401 - JSON
    return " ".join(str(one) for one in fact) if isinstance(fact, list) else str(fact)
