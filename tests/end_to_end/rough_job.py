"""The broker's main job while everything around it is rough: what is done, and what nobody may be told meanwhile."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from time import monotonic, sleep
from typing import Any

import httpx

from local.demo import claims_of
from local.person import Person, usual_trust
from local.workload import Workload, fire_timer
from local.world import ADMIN, CONTOSO, NORTHWIND, PARTNER_APPLICATION, SECOND_ADMIN, User
from tests.end_to_end.refreshing import SCOPE, Scene, records, since

# Not how long an act should take, but that it ends; and how long what has been rough may need to be as before.
PATIENCE, RECOVERY = 90.0, 100.0
AUDIENCES = {"graph": "https://graph.microsoft.com", "arm": "https://management.azure.com"}
# What may be said of an outage: that it may be tried again. Nobody is to blame.
LATER = frozenset(
    {"authority_unavailable", "vault_unavailable", "identity_unavailable", "partner_center_unavailable"}
    | {"answer_mismatched"}
)
# What a refusal by an unlisted number may be taken for: the customer's in a customer's tenant, or the application's.
OF_CUSTOMER = frozenset({"customer_tenant_refused"})
OF_APPLICATION = frozenset({"application_misconfigured", "application_refused"})
DONE_OR_WAITING = frozenset({"proven", "stored", "recovered", "superseded", "transient", "carried_over"})
STORED = "Your consent is stored"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(slots=True, kw_only=True)
class Job:
    """Consents and whoever uses them; `wrong` is everything that should never have been.

    `people` is who may be the person of each consent, by what was answered: one, or both after an act whose answer was
    lost. With `strict`, what only reads and what only asks for tokens has to succeed.
    """

    scene: Scene
    names: Sequence[str]
    random: Random
    strict: bool = False
    wrong: list[str] = field(default_factory=list)
    people: dict[str, set[User]] = field(default_factory=dict)
    _assertions: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Give every consent its first person, while all is calm."""
        self.identify()
        for name in self.names:
            self.import_by(name, ADMIN)
        assert not self.wrong, self.wrong

    def identify(self) -> None:
        """Give the workloads tokens of their own, which are asked for as often as it needs."""
        for name in ("reports", "operator", "provisioning"):
            self._assertions[name] = Workload(state=self.scene.state, name=name).assertion()

    def acts(self) -> Sequence[Callable[[], None]]:
        """What happens at the same time: mostly tokens, at times all else, and of one consent's persons one act."""
        tokens = [self._token_of_any() for _ in range(5)]
        name, person = self.random.choice(self.names), self.random.choice((ADMIN, SECOND_ADMIN))
        of_person = self.random.choice((lambda: self.import_by(name, person), lambda: self.consent_by(name, person)))
        rare = [(0.3, self.see_health), (0.3, self.see_list), (0.2, self.see_customers), (0.3, of_person)]
        return [*tokens, *(act for chance, act in rare if self.random.random() < chance)]

    def do(self, acts: Sequence[Callable[[], None]]) -> None:
        """All of them at once; one that cannot be done is wrong as well."""
        with ThreadPoolExecutor(len(acts)) as pool:
            for done in [pool.submit(act) for act in acts]:
                if (error := done.exception()) is not None:
                    self.wrong.append(f"{type(error).__name__}: {error}")

    def pass_time(self) -> None:
        """From a minute, when much is remembered, to a day, when all is due."""
        self.scene.pass_time(self.random.choice((timedelta(minutes=1), timedelta(minutes=10), 2 * HOUR, DAY)))

    def token(self, name: str, tenant: str, resource: str) -> None:
        """A workload asks for a token."""
        answer = self._call("reports", "POST", "token", {"tenant": tenant, "resource": resource, "consent": name})
        if self._is_done(answer, f"token of {name}", OF_CUSTOMER | OF_APPLICATION):
            claims = claims_of(answer.json()["access_token"])
            people = {person.object_id_in(tenant) for person in (ADMIN, SECOND_ADMIN)}
            if (claims["tid"], claims["aud"]) != (tenant, AUDIENCES[resource]) or claims["oid"] not in people:
                self.wrong.append(f"a token for {claims['aud']} in {claims['tid']} of {claims['oid']}")

    def import_by(self, name: str, person: User) -> None:
        """An operator imports a refresh token."""
        held = {"user": person.object_id, "client": PARTNER_APPLICATION, "scope": SCOPE}
        token = self.scene.entra.post("refresh_tokens", held).json()["refresh_token"]
        answer = self._call("operator", "POST", f"consents/{name}/import", {"refresh_token": token, "new_person": True})
        self._now_of(name, person, is_certain=self._is_done(answer, f"import of {name}", OF_APPLICATION))

    def consent_by(self, name: str, person: User) -> None:
        """A person signs in behind a link."""
        made = self._call("operator", "POST", f"consents/{name}/link", {"new_person": True})
        if not self._is_done(made, f"link of {name}"):
            return
        with Person() as browser:
            page = browser.consent(made.json()["url"], person)
        self._now_of(name, person, is_certain=STORED in page.text)
        if STORED not in page.text and page.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            self.wrong.append(f"page of {name}: {page.status_code} {page.text.partition('<h1>')[2][:200]}")

    def see_list(self) -> None:
        """An operator looks: nothing is said of a consent that is not so."""
        answer = self._call("operator", "GET", "consents")
        if self._is_done(answer, "list"):
            told = {shown["name"]: shown["status"] for shown in answer.json()["consents"]}
            if set(told) != set(self.names) or set(told.values()) - {"ok", "unproven"}:
                self.wrong.append(f"list: {told}")

    def see_customers(self) -> None:
        """A workload lists the partner's customers."""
        answer = self._call("provisioning", "GET", f"customers?consent={self.names[0]}")
        if self._is_done(answer, "customers", OF_APPLICATION) and len(answer.json()["customers"]) < 2:
            self.wrong.append(f"customers: {answer.text}")

    def see_health(self) -> None:
        """A monitor looks: there is an answer, and it is yes or no."""
        answer = httpx.get(
            f"{self.scene.state.host}/api/health", trust_env=False, timeout=PATIENCE, verify=usual_trust()
        )
        if answer.status_code not in {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}:
            self.wrong.append(f"health: {answer.status_code} {answer.text}")

    def run_timer(self) -> None:
        """The timer runs: what it says of each consent is that it works, or that it will be looked at again."""
        log = self.scene.state.log_file("host")
        begun = log.stat().st_size
        fire_timer(self.scene.state)
        for found in records(since(begun, log), "refresh.consent"):
            of_application = (found["outcome"], found["code"]) == ("misconfigured", "application_misconfigured")
            if found["outcome"] not in DONE_OR_WAITING and not of_application:
                self.wrong.append(f"refresh: {found}")

    def recover(self) -> None:
        """Raise AssertionError unless everything is as it should be, soon after it could be."""
        until = monotonic() + RECOVERY
        while missing := self._missing():
            assert monotonic() < until, missing
            sleep(1)

    def _missing(self) -> list[str]:
        """What is not as it should be; time passes, so that nothing is answered from memory alone."""
        self.scene.pass_time(DAY)
        self.identify()
        before, self.wrong = self.wrong, []
        try:
            self.run_timer()
            listed = self._call("operator", "GET", "consents")
            told = {shown["name"]: shown["status"] for shown in listed.json().get("consents", [])}
            if told != dict.fromkeys(self.names, "ok"):
                self.wrong.append(f"list: {listed.text}")
            self._see_tokens()
            self.see_customers()
            if set((parts := self.scene.health()["parts"]).values()) != {"up"}:
                self.wrong.append(f"health: {parts}")
            return self.wrong
        finally:
            self.wrong = before

    def _see_tokens(self) -> None:
        for name in self.names:
            for tenant in (CONTOSO, NORTHWIND):
                asked = {"tenant": tenant, "resource": "graph", "consent": name}
                answer = self._call("reports", "POST", "token", asked)
                people = {person.object_id_in(tenant) for person in self.people[name]}
                if not answer.is_success or claims_of(answer.json()["access_token"])["oid"] not in people:
                    self.wrong.append(f"token of {name}: {answer.status_code} {answer.text[:300]}")

    def _token_of_any(self) -> Callable[[], None]:
        name, tenant = self.random.choice(self.names), self.random.choice((CONTOSO, NORTHWIND))
        return lambda: self.token(name, tenant, "graph")

    def _now_of(self, name: str, person: User, *, is_certain: bool) -> None:
        self.people[name] = {person} if is_certain else self.people.get(name, set()) | {person}

    def _is_done(self, answer: httpx.Response, what: str, allowed: frozenset[str] = frozenset()) -> bool:
        """Whether it was done; that it was not must be nobody's fault, or of one of the codes that are allowed."""
        if answer.is_success:
            return True
        code = _code(answer)
        later = (answer.status_code, code in LATER, "retry-after" in answer.headers) == (503, True, True)
        if not (later or code in allowed) or (self.strict and not what.startswith(("import", "link"))):
            self.wrong.append(f"{what}: {answer.status_code} {answer.text[:300]}")
        return False

    def _call(self, identity: str, method: str, path: str, content: Any = None) -> httpx.Response:  # noqa: ANN401 - JSON
        return httpx.request(
            method,
            f"{self.scene.state.host}/api/{path}",
            json=content,
            headers={"Authorization": f"Bearer {self._assertions[identity]}"},
            timeout=PATIENCE,
            trust_env=False,
            verify=usual_trust(),
        )


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError):
        return ""
