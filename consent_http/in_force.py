"""Whose consent is in force, as far as somebody may be told: the name is for people who have signed in."""

from dataclasses import dataclass
from typing import Self

from shared.clock import day_for_people
from shared.consents.consent import Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The day it was given, in words, and who gave it ("" where that is not to be told)."""

    day: str
    username: str = ""

    @classmethod
    def of(cls, consent: Consent, *, names_person: bool) -> Self:
        """What may be told of this consent."""
        username = consent.person.username if names_person else ""
        return cls(day=day_for_people(consent.consented_on), username=username)

    @property
    def detail(self) -> str:
        """One sentence, for an answer in JSON."""
        if self.username:
            return f"In force is the consent of {self.username}, given on {self.day}."
        return f"In force is a consent given on {self.day}."
