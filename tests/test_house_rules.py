"""The rules of the house that no linter knows: directions of imports, owners of libraries, sizes, first sentences."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = ("consent_http", "console_http", "customers_http", "customers_timer", "refresh_timer", "token_http")
PRODUCT = ("shared", *FUNCTIONS)
MODULES = sorted(
    file.relative_to(ROOT)
    for folder in (*PRODUCT, "local", "bench", "tests")
    for file in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in file.parts
)
PRODUCT_MODULES = [Path("function_app.py"), *(file for file in MODULES if file.parts[0] in PRODUCT)]

# Who may import a library: one owner each, so that its ways and its errors stop at one door.
OWNERS = {
    "msal": {f"shared/entra/{name}.py" for name in ("msal_applications", "msal_caches", "msal_calls")},
    "azure.keyvault": {"shared/key_vault.py"},
    # key_vault_errors.py names one exception of the credential that azure-identity raises through it.
    "azure.identity": {"shared/entra/managed_identity.py", "shared/key_vault_errors.py"},
    "azure.core": {
        "shared/entra/managed_identity.py",
        *(f"shared/{name}.py" for name in ("key_vault", "key_vault_errors", "sdk_transport", "table_rows")),
    },
    "azure.data": {"shared/table_rows.py"},
    "sqlite3": {"shared/sqlite_rows.py"},
    "urllib3": {"shared/connections.py", "shared/outbound.py"},
    "jwt": {"shared/keys/signed_claims.py", "shared/keys/signing_keys.py"},
    "requests": {
        "customers_timer/probe.py",
        *(
            f"shared/customers/{part}.py"
            for part in ("graph", "partner_center", "partner_center_errors", "rest_service")
        ),
        "shared/entra/authority_http.py",
        "shared/entra/msal_calls.py",
        "shared/entra/discovery.py",
        "shared/entra/domains.py",
        "shared/outbound.py",
        "shared/keys/signing_keys.py",
    },
    "azure.functions": {
        "function_app.py",
        "shared/callers/operator_check.py",
        "shared/pages/page.py",
        *(f"shared/{part}.py" for part in ("cookies", "form_fields", "request_fields", "responses", "routes")),
        *(f"{folder}/{part}.py" for folder in FUNCTIONS for part in ("__init__", "wiring")),
        *(f"consent_http/{part}_routes.py" for part in ("act", "browser", "operator")),
        *(f"console_http/{part}.py" for part in ("door", "sign_in_routes", "visit")),
        *(
            f"customers_http/{part}_routes.py"
            for part in ("check", "customer", "exclusion", "flush", "history", "offboarding", "status")
        ),
        *(f"token_http/{part}.py" for part in ("application_routes", "dependencies", "oauth_errors", "oauth_routes")),
    },
    "cryptography": {"shared/link_keys.py", "shared/seal.py", "shared/entra/certificate.py"},
    "jinja2": {"shared/pages/templates.py"},
    "cachetools": {
        "shared/callers/assertion.py",
        "shared/entra/msal_applications.py",
        "token_http/readings.py",
    },
}
# The rooms of shared/, and what each may know beside itself; what everybody needs lies plain there and knows no room.
ROOMS: dict[str, set[str]] = {"keys": set(), "pages": set(), "callers": {"keys"}, "entra": {"keys"}}
ROOMS["consents"] = {"entra", "keys"}
ROOMS["customers"] = {"consents", "entra", "keys"}
# It makes what all functions share, out of every room; the wiring of a function package takes it, and nobody else.
SERVICES = Path("shared/services.py")
LONGEST_MODULE, LONGEST_FUNCTION = 200, 40
# Never the product: a made-up world is a list, and read from the top.
LONGER_ALLOWED = {"local/world.py": 310, "local/entra/aadsts_codes.py": 220}


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(text_of(file))


@cache
def text_of(file: Path) -> str:
    return (ROOT / file).read_text()


@cache
def imports_of(file: Path) -> frozenset[str]:
    return frozenset(_imported(parsed(file)))


def _imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def broken(rule: Callable[[Path], Any], files: Iterable[Path]) -> dict[str, Any]:
    """What `rule` finds wrong in which file: tests by the thousand would spend most of their time in pytest."""
    return {file.as_posix(): wrong for file in files if (wrong := rule(file))}


def test_imports_point_one_way() -> None:
    """`function_app` -> one function's folder -> `shared`; nobody in the product knows `local` or the tests."""

    def rule(file: Path) -> set[str]:
        forbidden = {"local", "tests", "function_app"}
        if file.parts[0] == "shared":
            forbidden |= set(FUNCTIONS)
        elif file.parts[0] in FUNCTIONS:
            forbidden |= set(FUNCTIONS) - {file.parts[0]}
        return {name.partition(".")[0] for name in imports_of(file)} & forbidden

    assert broken(rule, PRODUCT_MODULES) == {}


def test_the_rooms_know_each_other_one_way() -> None:
    """Customers -> consents -> entra -> keys -> what is plain; callers -> keys."""

    def rule(file: Path) -> set[str]:
        room = file.parts[1] if file.parts[1] in ROOMS else None
        known = {name.split(".")[1] for name in imports_of(file) if name.startswith("shared.")} & set(ROOMS)
        return known - (ROOMS[room] | {room} if room else set())

    shared = [file for file in PRODUCT_MODULES if file.parts[0] == "shared" and file != SERVICES]
    assert broken(rule, shared) == {}


def test_the_shared_services_are_known_to_the_wiring_alone() -> None:
    knowing = {file for file in PRODUCT_MODULES if "shared.services" in imports_of(file)}
    assert knowing == {Path("function_app.py"), *(Path(folder) / "wiring.py" for folder in FUNCTIONS)}


def test_every_folder_of_shared_is_a_room() -> None:
    folders = {file.parts[1] for file in PRODUCT_MODULES if file.parts[0] == "shared" and len(file.parts) > 2}
    assert folders == set(ROOMS)


@pytest.mark.parametrize("library", OWNERS)
def test_each_library_has_its_owners(library: str) -> None:
    using = {
        file.as_posix()
        for file in PRODUCT_MODULES
        if any(name == library or name.startswith(f"{library}.") for name in imports_of(file))
    }
    assert using == OWNERS[library]


def test_the_environment_is_read_by_the_composition_root_alone() -> None:
    def rule(file: Path) -> set[str]:
        attributes = (node for node in ast.walk(parsed(file)) if isinstance(node, ast.Attribute))
        return {ast.unparse(node) for node in attributes} & {"os.environ", "os.getenv", "os.environb"}

    assert broken(rule, PRODUCT_MODULES) == {"function_app.py": {"os.environ"}}


def test_every_module_opens_with_one_sentence() -> None:
    def rule(file: Path) -> str:
        first = (ast.get_docstring(parsed(file)) or "").partition("\n")[0]
        return "" if first.endswith(".") else "the first line of a module is one sentence: its duty"

    assert broken(rule, [Path("function_app.py"), *MODULES]) == {}


def test_modules_and_functions_stay_small_enough_to_hold_in_mind() -> None:
    def rule(file: Path) -> list[str]:
        lines = len(text_of(file).splitlines())
        long = [f"{lines} lines"] if lines > LONGER_ALLOWED.get(file.as_posix(), LONGEST_MODULE) else []
        return long + [f"{name} has {length} lines" for name, length in _functions(file) if length > LONGEST_FUNCTION]

    files = [Path("function_app.py"), *(file for file in MODULES if file.parts[0] != "tests")]
    assert broken(rule, files) == {}


def _functions(file: Path) -> Iterator[tuple[str, int]]:
    """The functions and how long they are. A blueprint is a list of handlers, each of which is measured by itself."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not any(
            isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) for inner in ast.walk(node) if inner is not node
        ):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_name_says_nothing() -> None:
    def rule(file: Path) -> set[str]:
        return {"utils", "helpers", "common", "manager", "base", "misc"} & {file.stem, *file.parts}

    assert broken(rule, [Path("function_app.py"), *MODULES]) == {}


def test_nothing_is_left_unfinished() -> None:
    def rule(file: Path) -> list[str]:
        return [mark for mark in ("TODO", "FIXME", "XXX", "NotImplementedError") if mark in text_of(file)]

    assert broken(rule, PRODUCT_MODULES) == {}


SETTINGS = {
    "PUBLIC_URL": "https://broker.example",
    **dict.fromkeys(
        ("PARTNER_TENANT_ID", "PARTNER_CLIENT_ID", "BROKER_CLIENT_ID"), "00000000-0000-0000-0000-000000000000"
    ),
    "TOKEN_VAULT_URL": "https://tokens.vault.azure.net",
    "POLICY_VAULT_URL": "https://policies.vault.azure.net",
    "REFRESH_SCHEDULE": "0 17 * * * *",
    "CHECK_SCHEDULE": "0 47 * * * *",
}


@pytest.mark.parametrize("settings", [{}, SETTINGS], ids=["without settings", "the whole app"])
def test_importing_any_module_touches_no_network_and_reads_no_setting(settings: dict[str, str]) -> None:
    modules = [".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in PRODUCT_MODULES[1:]]
    modules = [module for module in modules if not module.endswith("__main__")] + (["function_app"] if settings else [])
    program = f"""
import sys
def watch(event, _arguments):
    if event in {{"socket.connect", "socket.getaddrinfo"}}:
        raise SystemExit(f"an import caused {{event}}")
sys.addaudithook(watch)
for module in {modules!r}:
    __import__(module)
if "jinja2" in sys.modules:
    raise SystemExit("the start waits for what pages alone need")
"""
    done = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PATH": "", **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_runtime_requirements_do_not_shadow_the_platform() -> None:
    """A copy of the worker's own runtime beside the app would win over the one of the platform."""
    names = {line.partition("==")[0] for line in (ROOT / "requirements.txt").read_text().splitlines()}
    assert "azure-functions" in names
    assert "azure-functions-runtime" not in names
