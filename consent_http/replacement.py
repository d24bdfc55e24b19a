"""What a link would replace: told to whoever opens it, who may be anybody, so without the name of whose it is."""

from dataclasses import dataclass
from typing import Self

from consent_http.link import Link
from shared.clock import day_for_people
from shared.consents.consent import Act, Consent

OWN, ANOTHER, ANYBODY, BARRED, SAME_PERSON = "own", "another", "anybody", "barred", "same_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """The day the consent in force was given, and whose it is.

    `whose` is the `own` consent of whom the link is for, `another` person's, `anybody`'s where the link names nobody,
    `barred` where the link may not replace it, or of the `same_person` alone who may use the link.
    """

    day: str
    whose: str

    @classmethod
    def of(cls, link: Link, in_force: Act | None) -> Self | None:
        """What the link would replace; None where nothing is in force."""
        if not isinstance(in_force, Consent):
            return None
        return cls(day=day_for_people(in_force.consented_on), whose=_whose(link, in_force))


def _whose(link: Link, in_force: Consent) -> str:
    if link.person:
        is_own = link.person == in_force.person.object_id
    elif link.login_hint:  # it guards against mistakes alone, and so does what is said here
        is_own = link.login_hint.lower() == in_force.person.username.lower()
    else:
        return ANYBODY if link.new_person else SAME_PERSON
    if is_own:
        return OWN
    return ANOTHER if link.new_person else BARRED
