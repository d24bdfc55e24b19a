"""Where the broker's pages explain what a verb is asked for: the end of each verb's --help."""

import re

import click

from partner_token.acts import WORDS

ERRORS, TROUBLESHOOTING = "docs/errors.md", "docs/troubleshooting.md"


def acts_of(verb: str) -> list[str]:
    """The acts whose words name this verb of partner-broker, such as `customers consent`."""
    return [act for act, words in WORDS.items() if re.search(rf"partner-broker {verb}\b", words)]


def explain(command: click.Command, verb: str) -> None:
    """Give a verb, and the verbs within it, the places of the broker's pages that explain when it is to be used."""
    for name, inner in command.commands.items() if isinstance(command, click.Group) else ():
        explain(inner, f"{verb} {name}")
    lines = [f"When an error has the code CODE: {TROUBLESHOOTING}#CODE (what happened, who notices, what to do)."]
    lines += [f"Errors that ask for this: {ERRORS}#{act.replace('.', '')}" for act in acts_of(verb)]
    command.epilog = "\n\n".join(filter(None, [command.epilog, "\b\n" + "\n".join(lines)]))
