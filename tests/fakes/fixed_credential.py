"""An application credential that is what a test says it is; `taken` keeps what the authority accepted."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.entra.application_credential import SECRET, Proof


@dataclass(slots=True)
class FixedCredential:
    """These client secrets, tried in this order."""

    secrets: Sequence[str]
    kind: str = SECRET
    taken: list[Proof] = field(default_factory=list)

    def proofs(self) -> Sequence[Proof]:
        """See ApplicationCredential."""
        return [Proof(client_credential=secret) for secret in self.secrets]

    def in_use(self) -> Proof:
        """See ApplicationCredential."""
        return self.proofs()[0]

    def accepted(self, proof: Proof) -> None:
        """See ApplicationCredential."""
        self.taken.append(proof)

    def refused(self) -> None:
        """See ApplicationCredential."""
