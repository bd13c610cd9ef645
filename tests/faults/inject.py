"""Lets calls of the system fail one after another, and signals come, while reports are
written: old reports stay whole, or all are new, and nothing else is left."""

import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

AUDIT = str(Path(sys.argv[1]).resolve())
POLICY = """
[policy]
id = "p"
[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true
"""
FORMATS = "text csv json ndjson markdown html sarif junit oscal ocsf defectdojo metrics xlsx".split()
# Calls by what they do to a report, and the error that each meets.
CALLS = {
    "openat": "EACCES",
    "write": "ENOSPC",
    "fsync": "EIO",
    "fdatasync": "EIO",
    "linkat": "ENOSPC",
    "rename": "EPERM",
    "renameat2": "EPERM",
    "mkdir": "ENOSPC",
}
OLD = b"the old report\n"
SLICES = [f"c{number}.md" for number in range(4)]
PACKED = ["r.ndjson.zst", "r.csv.gz"]
SEVERAL = ["a.csv", "b.json", "c.xlsx", "m.json"]


class Case:
    """Outputs of a run, by their names in the folder of reports."""

    def __init__(self, name, files, args):
        self.name, self.files, self.args = name, files, args


def cases():
    for form in FORMATS:
        yield Case(form, ["r"], ["-o", f"{form}:{{}}/r"])
    args = [word for name in SEVERAL[:-1] for word in ("-o", f"{{}}/{name}")]
    yield Case("several", SEVERAL, [*args, "--manifest", "{}/m.json"])
    yield Case("packed", PACKED, [word for name in PACKED for word in ("-o", f"{{}}/{name}")])
    args = ["--split-by", "customer", "-o", "{}/{{}}.md", "-o", "{}/all.json"]
    yield Case("slices", [*SLICES, "all.json"], args)


class Folder:
    """A folder with a policy, an export, and a folder of reports; every other report is
    there already."""

    def __init__(self, case, records=4):
        self.case = case
        self.temporary = tempfile.TemporaryDirectory()
        self.path = Path(self.temporary.name)
        (self.path / "p.toml").write_text(POLICY)
        lines = (f'{{"id":"c{number}","force2fa":false}}\n' for number in range(records))
        (self.path / "e.ndjson").write_text("".join(lines) + "{\n")
        self.reports = self.path / "reports"
        self.reports.mkdir()
        for name in case.files[::2]:
            (self.reports / name).write_bytes(OLD)
        self.before = self.state()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()

    def state(self):
        return {path.name: path.read_bytes() for path in self.reports.iterdir() if path.is_file()}

    def strays(self):
        return [path.name for path in self.reports.iterdir() if path.name not in self.case.files]

    def command(self):
        args = [arg.format(self.reports) for arg in self.case.args]
        base = ["-q", "-p", "p.toml", "--as-of", "2026-01-01", "-j", "1"]
        return [AUDIT, *base, *args, "e.ndjson"]

    def run(self, inject=None, log=None):
        command = self.command()
        if inject:
            call = inject.split(":")[0]
            # What is opened before and elsewhere is no report.
            only = ["-P", str(self.reports)] if call == "openat" else []
            command = ["strace", "-f", "-qq", "-o", log, *only, "-e", f"trace={call}",
                       "-e", f"inject={inject}", *command]
        environment = {"PATH": os.environ["PATH"], "RUST_BACKTRACE": "1"}
        return subprocess.run(command, cwd=self.path, env=environment, capture_output=True,
                              text=True, timeout=60)


def expected(case):
    with Folder(case) as folder:
        ended = folder.run()
        assert ended.returncode == 3, (case.name, ended)
        state = folder.state()
        assert sorted(state) == sorted(case.files) and not folder.strays(), (case.name, state)
        return state


def all_new(case, state):
    return sorted(state) == sorted(case.files) and OLD not in state.values()


def injected(log):
    """The calls that failed, as strace writes them."""
    return [line for line in Path(log).read_text().splitlines() if "INJECTED" in line]


def faults(case, call, error):
    """Lets the first call fail, then the second, until no call is left."""
    for number in itertools.count(1):
        with Folder(case) as folder:
            log = str(folder.path / "log")
            ended = folder.run(f"{call}:error={error}:when={number}", log)
            calls = injected(log)
            if not calls:
                return number - 1
            where = f"{case.name}: {call} {number} fails: exit {ended.returncode}: {ended.stderr}"
            if all("write(2, " in call for call in calls):
                # A note that nobody can read is no reason to lose the reports.
                assert ended.returncode == 3 and all_new(case, folder.state()), where
                assert not folder.strays(), where
                continue
            assert ended.returncode == 2, where
            assert folder.state() == folder.before and not folder.strays(), where
            assert "panicked" not in ended.stderr and "backtrace" not in ended.stderr, where
            errors = [line for line in ended.stderr.splitlines() if line.startswith("error:")]
            assert len(errors) == 1 and "reports/" in errors[0], where


def signals(case, call, name, new):
    """Lets a signal come at the first call, then at the second, until none is left."""
    for number in itertools.count(1):
        with Folder(case) as folder:
            log = str(folder.path / "log")
            ended = folder.run(f"{call}:signal=SIG{name}:when={number}", log)
            if f"SIG{name}" not in Path(log).read_text():
                return number - 1
            where = f"{case.name}: {name} at {call} {number}: exit {ended.returncode}"
            state = folder.state()
            if name == "KILL":
                files = (file for file in case.files if file in state)
                # What is in a manifest has another length where the folder has.
                assert all(state[file] == OLD or len(state[file]) == len(new[file])
                           for file in files), where
                continue
            assert ended.returncode == 128 + getattr(signal, f"SIG{name}"), where
            assert state == folder.before or all_new(case, state), where
            assert not folder.strays(), where


def any_time(name, seed):
    """Lets a signal come at some time."""
    files = [f"c{number}.md" for number in range(300)]
    case = Case("many", [*files, "all.json"], list(cases())[-1].args)
    with Folder(case, records=300) as folder:
        started = subprocess.Popen(folder.command(), cwd=folder.path, stderr=subprocess.PIPE)
        time.sleep(random.Random(seed).random() * 0.25)
        started.send_signal(getattr(signal, f"SIG{name}"))
        said = started.communicate(timeout=60)[1].decode()
        state, where = folder.state(), f"{name}, {seed}: exit {started.returncode}: {said}"
        if name == "KILL":
            torn = [file for file in files if file in state and state[file] != OLD
                    and b"audit" not in state[file]]
            assert not torn, where
            return
        # Before `main` nothing is opened, and the signal's own action ends the process.
        own = -getattr(signal, f"SIG{name}")
        assert started.returncode in (128 - own, own, 3), where
        assert not folder.strays(), where
        assert state == folder.before or all_new(case, state), where


def main():
    with ThreadPoolExecutor(os.cpu_count() * 2) as pool:
        started = []
        for case in cases():
            started += [pool.submit(faults, case, *call) for call in CALLS.items()]
        for case in list(cases())[-2:]:
            new = expected(case)
            calls = ["mkdir", "fsync", "linkat", "rename", "renameat2", "unlink", "unlinkat"]
            for call, name in itertools.product(calls, ["TERM", "INT", "HUP", "KILL"]):
                started.append(pool.submit(signals, case, call, name, new))
        for name, times in [("TERM", 100), ("KILL", 20)]:
            started += [pool.submit(any_time, name, seed) for seed in range(times)]
        runs, failed = 0, []
        for one in started:
            try:
                runs += one.result() or 1
            except AssertionError as error:
                failed.append(str(error))
    print(f"{runs} faults and signals")
    for failure in failed:
        print(failure, file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
