"""The tables of documents that the code knows: `make docs` writes them, and a test says when they are stale."""

import importlib
import json
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from shared.acts import ACTS
from shared.errors import BrokerError
from shared.setting import Defaulted, Required, Setting
from shared.setting_table import TABLE

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("consent_http", "customers_http", "customers_timer", "refresh_timer", "shared", "token_http")
TABLE_ROWS = re.compile(r"(?<=<!-- made by `make docs` -->\n\n).*?(?=\n<!-- end -->)", re.DOTALL)

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
    """Every error with its answer."""
    rows = [
        f"| `{kind.code}` | `{kind.error}` | {kind.status} | {kind.says} | {kind.remedy} | `{kind.act.name}` |"
        for kind in every_error()
    ]
    return _table("code | OAuth `error` | status | what it says | what to do | `act`", rows)


def acts() -> str:
    """Every act with its parameters."""
    rows = [
        f"| `{act.name}` | {', '.join(f'`{name}`' for name in act.parameters) or 'none'} | {act.means} |"
        for act in ACTS.values()
    ]
    return _table("act | parameters | what it is", rows)


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
