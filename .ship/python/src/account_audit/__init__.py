"""Audits exports of customer accounts with the program `audit`, here or on many machines.

`audit` makes a whole run on this machine. `shard` makes one part of a run and `merge` the
reports of all parts; `account_audit.spark` and `account_audit.dask` make the parts on a
cluster. Each function runs the program, and raises `AuditError` with its message.
"""

import glob
import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import TypeAlias

__all__ = [
    "AuditError",
    "Path",
    "Paths",
    "Progress",
    "Remake",
    "Result",
    "Verdict",
    "audit",
    "find",
    "merge",
    "partials",
    "parts",
    "shard",
]

Path: TypeAlias = str | os.PathLike[str]
Paths: TypeAlias = Path | Sequence[Path]
Progress: TypeAlias = Callable[[int, int], None]
"""Is called with how many parts are done, and of how many; without one nothing is shown."""
Remake: TypeAlias = Callable[[list[str], str], Sequence[str]]
"""Makes parts, such as `3-4/64`, in a folder, and returns the paths of their partials."""

# A hostile export can need a second round, and each round joins parts: it is for a program
# that says the same for ever that there is a bound.
_ROUNDS = 10


class Verdict(IntEnum):
    """Says how an audit ended; the numbers are the exit codes of the program."""

    CLEAN = 0
    """The audit is complete, and no finding is at or above `--fail-on`."""
    FINDINGS = 1
    """The audit is complete, and there are findings at or above `--fail-on`."""
    INCOMPLETE = 3
    """Something could not be read or decided, or a policy judged nothing."""


@dataclass(frozen=True)
class Result:
    """Holds what an audit came to."""

    code: Verdict
    messages: str
    """What the program said: why the audit is incomplete, warnings, counts."""
    outputs: tuple[str, ...]
    """The reports that were written, as they were asked for."""
    report: str
    """The report on stdout: text, unless `--format` asks for another."""


class AuditError(Exception):
    """Means that there is no result: str() is the message of the program."""

    def __init__(self, message: str, code: int | None) -> None:
        super().__init__(message, code)
        self.message = message
        self.code = code
        """The exit code, minus the signal that ended the program, or None if it never ran."""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class _Ended:
    code: int
    stdout: str
    stderr: str


def audit(
    exports: Paths,
    *,
    policies: Paths,
    as_of: datetime | str | None = None,
    outputs: Paths = (),
    options: Sequence[str] = (),
    progress: Progress | None = None,
    program: Path | None = None,
) -> Result:
    """Audits exports on this machine.

    `options` are those of the program, such as `["--fail-on", "high"]`. A run is one part:
    `progress` is called with (0, 1) and (1, 1).
    """
    args = [arg for policy in _several(policies) for arg in ("--policy", policy)]
    if isinstance(as_of, datetime):
        if as_of.tzinfo is None:
            raise ValueError("as_of has no time zone, so it is no instant")
        as_of = as_of.isoformat()
    if as_of is not None:
        args += ["--as-of", as_of]
    reports = _several(outputs)
    args += [*_outputs(reports), *options, "--", *_several(exports)]
    if progress is not None:
        progress(0, 1)
    result = _result(_run(program, args), reports)
    if progress is not None:
        progress(1, 1)
    return result


def parts(count: int) -> list[str]:
    """Returns the parts of a run, as `--part` takes them."""
    if count < 1:
        raise ValueError("a run has one part or more")
    return [f"{part}/{count}" for part in range(1, count + 1)]


def partials(folder: Path) -> list[str]:
    """Returns the paths of the partials in a folder."""
    return sorted(glob.glob(os.path.join(glob.escape(os.fspath(folder)), "*.part")))


def shard(
    flags: Sequence[str],
    exports: Paths,
    *,
    part: str,
    into: Path,
    options: Sequence[str] = (),
    program: Path | None = None,
) -> str:
    """Makes one part of a run, and returns the path of its partial in the folder `into`.

    `flags` bear on records and are those of the merge too: `["-p", "pci", "--as-of", …]`.
    `options` are those of the shard alone, such as `["--nights"]`. `part` is `17/400`, or
    `17-18/400` for two as one. The same part has the same name and the same bytes, so it may
    be made twice, even at the same time.
    """
    numbers, _, count = part.partition("/")
    name = "-".join(number.zfill(5) for number in numbers.split("-"))
    partial = os.path.join(into, f"part-{name}-of-{count.zfill(5)}.part")
    own = ["--part", part, "--into", partial]
    ended = _run(program, ["shard", *flags, *options, *own, "--", *_several(exports)])
    if ended.code != 0:
        raise _error(ended)
    return partial


def merge(
    flags: Sequence[str],
    made: Paths,
    *,
    outputs: Paths = (),
    options: Sequence[str] = (),
    again: Remake | None = None,
    program: Path | None = None,
) -> Result:
    """Makes the reports of a run from all its partials, or from the folder that holds them.

    `options` are those of the merge alone, such as `["--fail-on", "high"]`. Only a merge sees
    that an export was cut inside of a record. `again` then makes parts again, as one; the
    partials that these replace are deleted. Without `again` it is an `AuditError`, as is all
    else that is wrong with the partials.
    """
    if isinstance(made, str | os.PathLike):
        paths = partials(made)
        if not paths:
            raise AuditError(f"no partial is in the folder `{os.fspath(made)}`", None)
    else:
        paths = _several(made)
    reports = _several(outputs)
    # There may be more partials than a command line holds.
    args = ["merge", *flags, *_outputs(reports), *options, "--partials-from", "-"]
    for _ in range(_ROUNDS):
        ended = _run(program, args, "".join(f"{path}\n" for path in paths))
        named, replaced = _wrong_cuts(ended, paths)
        if again is None or not named or not replaced:
            break
        remade = again(named, os.path.dirname(replaced[0]))
        old = {*replaced, *remade}
        paths = [*(path for path in paths if path not in old), *remade]
        for path in old.difference(remade):
            os.remove(path)
    return _result(ended, reports)


def find(program: Path | None = None) -> str:
    """Returns the path of the program.

    It is `program`, else what the environment calls `AUDIT_BINARY`, else the script that was
    installed beside this Python, else `audit` on the PATH. One that is named must be there:
    another version instead would make partials that no merge takes.
    """
    named = program if program is not None else os.environ.get("AUDIT_BINARY")
    if named is not None:
        found = shutil.which(named)
        said = f"the program `{os.fspath(named)}` is not there, or may not be run"
    else:
        scripts = sysconfig.get_path("scripts")
        found = shutil.which("audit", path=scripts) or shutil.which("audit")
        said = (
            f"the program `audit` is neither in {scripts} nor on the PATH: install "
            "account-audit, or name it with AUDIT_BINARY or program="
        )
    if found is None:
        raise AuditError(said, None)
    return found


def _several(paths: Paths) -> list[str]:
    if isinstance(paths, str | os.PathLike):
        return [os.fspath(paths)]
    return [os.fspath(path) for path in paths]


def _outputs(reports: Sequence[str]) -> list[str]:
    return [arg for report in reports for arg in ("--output", report)]


def _run(program: Path | None, args: Sequence[str], stdin: str = "") -> _Ended:
    command = [find(program), *args]
    try:
        # As bytes: text would lose the line ends of a report, and names that are no UTF-8.
        ended = subprocess.run(command, input=os.fsencode(stdin), capture_output=True)
    except OSError as error:
        raise AuditError(f"`{command[0]}` could not be started: {error}", None) from error
    return _Ended(ended.returncode, os.fsdecode(ended.stdout), os.fsdecode(ended.stderr))


def _result(ended: _Ended, reports: Sequence[str]) -> Result:
    try:
        code = Verdict(ended.code)
    except ValueError:
        raise _error(ended) from None
    return Result(code, ended.stderr, tuple(reports), ended.stdout)


def _error(ended: _Ended) -> AuditError:
    said = [ended.stderr.strip()] if ended.stderr.strip() else []
    if ended.code < 0:
        said.append(f"audit was ended by signal {-ended.code}")
    elif ended.code != 2 or not said:
        said.append(f"audit ended with the code {ended.code}")
    return AuditError("\n".join(said), ended.code)


def _wrong_cuts(ended: _Ended, paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Returns the parts to be made again as one, and the partials that they replace."""
    if ended.code != 2:
        return [], []
    _, _, said = ended.stderr.partition("make again, as one, ")
    named, _, instead = said.partition(", and merge that instead of ")
    # Names are looked up and not parsed: no name can be taken for another file.
    replaced = [path for path in paths if f"`{path}`" in instead]
    return re.findall(r"--part (\d+(?:-\d+)?/\d+)", named), replaced
