"""The tables of documents that the code knows: `make docs` writes them, and a test says when they are stale."""

import importlib
import json
import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from shared.acts import ACTS
from shared.errors import BrokerError
from shared.setting import Defaulted, Required, Setting
from shared.setting_table import TABLE

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("consent_http", "console_http", "customers_http", "customers_timer", "refresh_timer", "shared", "token_http")
TABLE_ROWS = re.compile(r"(?<=<!-- made by `make docs` -->\n\n).*?(?=\n<!-- end -->)", re.DOTALL)

# A code's place in troubleshooting: what the code says, and its remedy; the rest is written by hand.
CODE_PLACE = re.compile(
    r"(?P<head>^#### `(?P<code>\w+)`\n\n\* \*\*What happened\*\*: ).*?"
    r"(?P<cause> Usual cause: .*\n\* \*\*Who notices\*\*: .*\n\* \*\*What to do\*\*: ).*?(?P<check> Check: .*)$",
    re.MULTILINE,
)
EMPHASIS = re.compile(r"\*(\w+)\*")
STORAGE = "Only for a real `func start`: its timers keep their state there. The local host needs none."


def every_error() -> list[type[BrokerError]]:
    """The whole tree of the product: each error before what it branches into, branches by their code."""
    for package in PRODUCT:
        for found in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)
    return list(_tree(BrokerError))


def errors() -> str:
    """Every error as a program sees it; what it says and its remedy stand in troubleshooting."""
    rows = [
        f"| [`{kind.code}`](troubleshooting.md#{kind.code}) | `{kind.error}` | {kind.status} | {_act(kind)} |"
        for kind in every_error()
    ]
    return _table("code | OAuth `error` | status | `act`", rows)


def _act(kind: type[BrokerError]) -> str:
    return f"[`{kind.act.name}`](#{kind.act.name.replace('.', '')})"


def acts() -> str:
    """Every act with its parameters and the codes that ask for it, each below a heading of its own."""
    asking: dict[str, list[str]] = {name: [] for name in ACTS}
    for kind in every_error():
        asking[kind.act.name].append(f"[`{kind.code}`](troubleshooting.md#{kind.code})")
    return "\n".join(
        f"### `{act.name}`\n\n{act.means[0].upper()}{act.means[1:]}."
        f" Parameters: {', '.join(f'`{name}`' for name in act.parameters) or 'none'}."
        f" Codes: {', '.join(asking[act.name]) or 'none'}.\n"
        for act in ACTS.values()
    )


def troubleshooting() -> str:
    """The page on troubleshooting, with what each code says and its remedy as the code has them."""
    known = {kind.code: kind for kind in every_error()}
    text = (ROOT / "docs/troubleshooting.md").read_text("utf-8")
    return CODE_PLACE.sub(lambda found: _place(found, known), text)


def _place(found: re.Match[str], known: Mapping[str, type[BrokerError]]) -> str:
    if (kind := known.get(found["code"])) is None:
        return found[0]
    return f"{found['head']}{kind.says}{found['cause']}{kind.remedy}{found['check']}"


def settings() -> str:
    """Every setting with its default."""
    rows = [f"| `{setting.name}` | {_default(setting)} | {setting.meaning} |" for setting in TABLE]
    return _table("setting | default | meaning", rows)


def sample() -> str:
    """The file of settings for a machine of one's own, each setting below its explanation."""
    values = {"// AzureWebJobsStorage": STORAGE, "AzureWebJobsStorage": "UseDevelopmentStorage=true"}
    for setting in TABLE:
        plain = EMPHASIS.sub(r"\1", setting.meaning).replace("`", "")
        required = " Required." if isinstance(setting, Required) else ""
        values[f"// {setting.name}"] = f"{plain[0].upper()}{plain[1:]}.{required}"
        values[setting.name] = _sample_value(setting)
    return json.dumps({"IsEncrypted": False, "Values": values}, indent=2, ensure_ascii=False) + "\n"


def written() -> dict[Path, str]:
    """Each file with what it should hold."""
    return {
        ROOT / "docs/errors.md": _page("docs/errors.md", errors(), acts()),
        ROOT / "docs/troubleshooting.md": troubleshooting(),
        ROOT / "docs/settings.md": _page("docs/settings.md", settings()),
        ROOT / "local.settings.sample.json": sample(),
    }


def _page(name: str, *tables: str) -> str:
    """The page with its tables, one for each place it has for one."""
    left = iter(tables)
    return TABLE_ROWS.sub(lambda _: next(left), (ROOT / name).read_text("utf-8"))


def _tree(kind: type[BrokerError]) -> Iterator[type[BrokerError]]:
    yield kind
    for child in sorted(kind.__subclasses__(), key=lambda child: child.code):
        yield from _tree(child)


def _default(setting: Setting[object]) -> str:
    if isinstance(setting, Required):
        return "required"
    if isinstance(setting, Defaulted) and (setting.told or setting.default):
        return setting.told or f"`{setting.default}`"
    return "none"


def _sample_value(setting: Setting[object]) -> str:
    usual = setting.default if isinstance(setting, Defaulted) else ""
    return usual if setting.sample is None else setting.sample


def _table(head: str, rows: list[str]) -> str:
    line = "|".join("---" for _ in head.split(" | "))
    return "\n".join([f"| {head} |", f"|{line}|", *rows]) + "\n"


if __name__ == "__main__":
    for file, content in written().items():
        if file.read_text("utf-8") != content:
            file.write_text(content, "utf-8")
            sys.stdout.write(f"written: {file.relative_to(ROOT)}\n")
