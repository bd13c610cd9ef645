"""Exports, whole runs to compare with, and programs that fail."""

import hashlib
import json
import os
import pathlib
from dataclasses import dataclass

import pytest

import account_audit
from account_audit import Result

AS_OF = "2026-10-01T00:00:00Z"
FLAGS = ["-p", "pci", "--as-of", AS_OF]
PROGRAM = os.environ["AUDIT_BINARY"]


def customer(number: int) -> dict[str, object]:
    return {
        "id": f"c{number}",
        "name": f"Customer {number}",
        "force_2fa": number % 3 != 0,
        "force_sso": [True, False, None][number % 3],
        "has_pci": number % 2 == 0,
        "ip_whitelist": ["192.0.2.0/24", "0.0.0.0/0", None][number % 3],
        "security_contact_id": None if number % 5 == 0 else f"k{number % 7}",
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": f"2026-0{number % 9 + 1}-01T00:00:00Z",
    }


def digests(paths: list[str]) -> list[str]:
    return [hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest() for path in paths]


@dataclass
class Run:
    """Holds a folder with exports, and what a whole run makes of them."""

    folder: pathlib.Path
    exports: list[str]
    whole: Result

    @classmethod
    def of(cls, folder: pathlib.Path, exports: list[pathlib.Path]) -> "Run":
        paths = [str(path) for path in exports]
        (folder / "parts").mkdir()
        whole = account_audit.audit(
            paths, policies="pci", as_of=AS_OF, outputs=cls.reports(folder, "whole")
        )
        return cls(folder, paths, whole)

    @staticmethod
    def reports(folder: pathlib.Path, name: str) -> list[str]:
        return [str(folder / f"{name}.csv"), str(folder / f"{name}.json")]

    @property
    def parts(self) -> str:
        return str(self.folder / "parts")

    @property
    def merged(self) -> list[str]:
        return self.reports(self.folder, "merged")

    def is_the_same(self, result: Result) -> None:
        assert digests(list(result.outputs)) == digests(list(self.whole.outputs))
        assert result.code == self.whole.code
        assert result.report == self.whole.report

    def nothing_is_written(self) -> None:
        assert not any(os.path.exists(path) for path in self.merged)


@pytest.fixture
def run(tmp_path: pathlib.Path) -> Run:
    exports = [tmp_path / "a b.ndjson", tmp_path / "-c.ndjson"]
    for at, export in enumerate(exports):
        with export.open("w") as lines:
            for number in range(at * 8000, at * 8000 + 8000):
                lines.write(json.dumps(customer(number)) + "\n")
    return Run.of(tmp_path, exports)


@pytest.fixture
def wrongly_cut(tmp_path: pathlib.Path) -> Run:
    """Makes rows of which two have a cell that reads as rows, where parts 2 and 6 of 8 end."""
    size = 2_000_000
    note = "x" * 1000
    cell = "".join(f"x{line},Nobody,false,{note}\n" for line in range(200))
    export = tmp_path / "rows.csv"
    with export.open("w") as lines:
        lines.write("id,name,force_2fa,note\n")
        number = 0
        for end, last in [(size // 4, cell), (size * 3 // 4, cell), (size, "")]:
            while lines.tell() < end - len(last) / 2:
                lines.write(f"c{number},Customer {number},true,{note}\n")
                number += 1
            lines.write(f'q{end},Customer,true,"{last}"\n')
    return Run.of(tmp_path, [export])


def program(folder: pathlib.Path, before: str) -> str:
    """Writes a program that does something else before it is `audit`."""
    path = folder / "program"
    path.write_text(f'#!/bin/bash\n{before}\nexec "{PROGRAM}" "$@"\n')
    path.chmod(0o755)
    return str(path)


def dies_once(folder: pathlib.Path) -> str:
    """Returns a program that is killed the first time that it is to make part 2."""
    here = f'"{folder}/died"'
    return program(folder, f'case "$*" in *"--part 2/"*) mkdir {here} && kill -KILL $$;; esac 2>&-')
