"""What the compiler made belongs to what is there: a change that was not compiled is noticed without a compiler."""

import re
from pathlib import Path

import pytest

from tests.infra.digest import DIGEST, digest, digested
from tests.infra.project import MAIN, SNAPSHOTS, TEMPLATE, Project, parameter_files


def test_nothing_has_changed_since_the_compiler_ran() -> None:
    compiled, found = DIGEST.read_text(encoding="utf-8"), digest(digested())
    changed = {line.partition("  ")[2] for line in set(compiled.splitlines()) ^ set(found.splitlines())}
    assert not changed, "make infra compiles anew what has changed"


def test_the_digest_is_of_all_there_is() -> None:
    files = digested()
    assert {MAIN, TEMPLATE, *parameter_files()} < set(files)
    assert DIGEST not in files


def test_there_is_a_snapshot_for_each_kind_of_deployment_and_no_other() -> None:
    kinds = {path.stem for path in parameter_files()}
    assert kinds == {"plain", "network", "without-registrations", "certificate", "alerts"}
    assert {path.name for path in SNAPSHOTS.glob("*.json")} == {f"{kind}.snapshot.json" for kind in kinds}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one").write_bytes(b"1")
    (tmp_path / "two").write_bytes(b"2")
    return tmp_path


def digest_of(folder: Path) -> str:
    return digest(folder.iterdir(), folder)


def test_it_is_what_sha256sum_writes(folder: Path) -> None:
    (folder / "two").unlink()
    assert digest_of(folder) == "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b  one\n"


def test_it_is_the_same_in_whatever_order_files_come(folder: Path) -> None:
    files = sorted(folder.iterdir())
    assert digest(files, folder) == digest(reversed(files), folder)


def test_a_change_a_new_name_a_new_file_and_one_that_is_gone_are_noticed(folder: Path) -> None:
    seen = [digest_of(folder)]
    (folder / "one").write_bytes(b"2")
    seen.append(digest_of(folder))
    (folder / "one").rename(folder / "first")
    seen.append(digest_of(folder))
    (folder / "three").write_bytes(b"")
    seen.append(digest_of(folder))
    (folder / "two").unlink()
    seen.append(digest_of(folder))
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("path", [TEMPLATE, *sorted(SNAPSHOTS.glob("*.json"))], ids=lambda path: path.name)
def test_what_is_built_names_no_place_of_the_machine_that_built_it(path: Path) -> None:
    assert not re.findall(r"/(?:home|root|tmp|Users)/|\b[A-Z]:\\", path.read_text(encoding="utf-8"))


def test_the_compiler_had_nothing_to_say_about_any_deployment() -> None:
    assert [deployment.content["diagnostics"] for deployment in Project()] == [[]] * len(parameter_files())
