"""Audits exports that are plain, clean, cut off, empty, crowded and naughty, with
a report of every format each, and has others' programs judge all of them: whether
they are sound, and whether they tell the same. Prints what is wrong with each."""

import argparse
import concurrent.futures
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import naughty
from judges import JUDGES, Tools, Truth, judge
from texts import cut

# Formats that the program does not write yet: their judges are proven by
# selftest.py alone.
PENDING = []

ROOT = Path(__file__).absolute().parent.parent.parent
AS_OF = "2026-12-01T00:00:00Z"
ALL = list(JUDGES)

# So few that a text report shows them all and a page for tickets has room.
FEW = 12


ONE_RULE = '\n[[rule]]\nid = "named"\nseverity = "low"\nrequire.id = { present = true }\n'


class Case:
    """An audit, and how it is to end."""

    def __init__(self, name, code, export, policies):
        self.name = name
        self.code = code
        self.export = export
        self.policies = policies


def cases():
    """Exports are names of files, policies are files or names of bundled ones."""
    sample = (ROOT / "tests/data/customers.json").read_text()
    records = json.loads(sample)
    both = ["pci", "baseline"]
    yield Case("sample", 3, ("customers.json", sample), both)
    named = json.dumps([record for record in records if record.get("id")])
    yield Case("clean", 0, ("customers.json", named), [("clean.toml", '[policy]\nid = "clean"\n' + ONE_RULE)])
    yield Case("truncated", 3, ("customers.json", sample[: len(sample) * 2 // 3]), both)
    yield Case("empty", 3, ("customers.json", "[]"), both)

    # What cannot be read between what can, with a naughty name.
    broken = naughty.lines(["fine"]) + '{"id": "x", \x01<b>\u202e}\n{"id": [}\n' + naughty.lines(["fine too"])
    name = naughty.policy("one", ["name"])
    yield Case("rejected", 3, ("<b>@x|`=1.ndjson", broken), [("one.toml", name)])

    # Findings about nobody: about the whole export, and about one without an id.
    aggregate = (
        '[policy]\nid = "aggregate"\n\n[[aggregate]]\nid = "many"\nseverity = "high"\nrecords = { at-least = 1000 }\n'
    )
    aggregate += '\n[[aggregate]]\nid = "one-name"\nseverity = "info"\nunique = "name"\n' + ONE_RULE
    nobody = json.dumps({"name": "nobody"}) + "\n"
    yield Case("aggregate", 1, ("aggregate.ndjson", 3 * nobody + naughty.lines(["a", "b"])), [("aggregate.toml", aggregate)])

    crowd = "".join(json.dumps({"id": f"c{n}", "name": f"Customer {n}"}) + "\n" for n in range(6_000))
    yield Case("crowd", 1, ("crowd.ndjson", crowd), [("one.toml", name)])

    every = ("every.toml", naughty.policy("every", naughty.SHOWN))
    yield Case("naughty", 1, ("naughty.ndjson", naughty.lines(naughty.STRINGS)), [every])
    one_by_one = ("wide.toml", naughty.policy_of_all("wide"))
    yield Case("wide", 1, ("wide.ndjson", naughty.lines(naughty.LONG)), [one_by_one])
    for start in range(0, len(naughty.STRINGS), FEW):
        few = naughty.lines(naughty.STRINGS[start : start + FEW])
        yield Case(f"naughty-{start // FEW}", 1, ("few.ndjson", few), [("one.toml", name)])
    yield Case("halves", 3, ("halves.ndjson", naughty.half_lines()), [every])


class Failed(Exception):
    """An audit that did not end as it should."""


def audit(tools, case, formats, *more):
    """Audits into a new folder; gives it, stdout and stderr."""
    folder = tools.work / case.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    name, text = case.export
    (folder / name).write_text(text, encoding="utf-8", newline="")
    command = [str(tools.audit), "--as-of", AS_OF, "--color", "never", *more]
    for policy in case.policies:
        if isinstance(policy, tuple):
            (folder / policy[0]).write_text(policy[1])
            policy = policy[0]
        command += ["-p", policy]
    for format in formats:
        command += ["-o", f"{format}:report.{format}"]
    ended = subprocess.run([*command, name], cwd=folder, capture_output=True, timeout=120)
    if ended.returncode != case.code:
        said = ended.stderr.decode(errors="replace").strip()[-600:]
        raise Failed(f"it ended with {ended.returncode}, not {case.code}: {ascii(said)}")
    return folder, ended


class Tally:
    """What passed, and what did not."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def count(self, format, file, problems):
        if problems:
            self.failed += 1
            for problem in problems:
                # Data that a validator quotes must not steer whoever reads the log.
                problem = problem.encode("ascii", "backslashreplace").decode()
                print(f"FAILED {format} {file}: {re.sub('[^ -~]', '?', problem)}")
        else:
            self.passed += 1
        sys.stdout.flush()


def whole(truth, texts):
    """Whether json itself tells every text of a naughty export as it went in."""
    seen = {}
    for finding in truth.findings:
        for item in finding["evidence"]:
            seen[finding["record"], item["field"]] = item["observed"]
    for record, text in enumerate(texts, 1):
        wanted = cut(text) if text.strip() else "[empty]"
        told = {seen.get((record, field)) for field in naughty.SHOWN}
        if told != {wanted}:
            yield f"record {record}: {ascii(wanted)[:80]} reads {[ascii(t)[:80] for t in told]}"


def check_canaries(tools, formats, tally):
    """No report, and nothing on stdout or stderr, tells what is sensitive."""
    canaries = naughty.Canaries()
    export, policy = naughty.sensitive(canaries)
    case = Case("canaries", 3, ("export.ndjson", export), [("sensitive.toml", policy)])
    try:
        folder, ended = audit(tools, case, formats, "-v")
    except Failed as error:
        tally.count("all", "canaries", [str(error)])
        return
    outputs = {"stdout": ended.stdout, "stderr": ended.stderr}
    for format in formats:
        outputs[format] = (folder / f"report.{format}").read_bytes()
        outputs[format] += unpacked(folder / f"report.{format}")
    case.name = "canaries-on-stdout"
    for format in formats:
        # What is written there need not be what is in the file.
        _, ended = audit(tools, case, [], "-v", "-f", format)
        outputs[f"{format} on stdout"] = ended.stdout + ended.stderr
    for name, output in outputs.items():
        leaks = [f"tells {where}" for canary, where in canaries.all.items() if told(canary, output)]
        tally.count(name, "canaries", leaks)
    # Where it may be shown, it is: else no canary could leak, and nothing is proven.
    _, ended = audit(tools, case, [], "-f", "json", "--show-sensitive")
    unseen = [where for canary, where in canaries.all.items() if not told(canary, ended.stdout)]
    hidden = [where for where in unseen if not where.startswith(naughty.NEVER_TOLD)]
    tally.count("json", "canaries that may be shown", [f"does not show {where}" for where in hidden])


def told(canary, output):
    """Half of it would be enough to guess the rest."""
    return any(canary[start : start + 16].encode() in output for start in range(len(canary) - 15))


def unpacked(path):
    if not zipfile.is_zipfile(path):
        return b""
    with zipfile.ZipFile(path) as file:
        return b"\n".join(file.read(name) for name in file.namelist())


def check_threads(tools, formats, tally):
    """The same run gives the same bytes, with any number of threads."""
    case = next(case for case in cases() if case.name == "naughty")
    reports = []
    for number, threads in enumerate(["1", "3"]):
        case.name = f"threads-{threads}"
        folder, _ = audit(tools, case, formats, "-j", threads, "--window-bytes", str(4096 << number))
        reports.append(folder)
    for format in formats:
        one, other = [(folder / f"report.{format}").read_bytes() for folder in reports]
        tally.count(format, "threads", [] if one == other else ["one thread and three do not write the same"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audit", required=True, type=Path, help="the program")
    parser.add_argument("--only", action="append", choices=ALL, help="a format; json is always made")
    parser.add_argument("--case", action="append", help="an audit")
    options = parser.parse_args()
    tools = Tools(options.audit.resolve())
    formats = [f for f in options.only or ALL if f not in PENDING]
    made = list(dict.fromkeys(["json", *formats]))
    tally = Tally()
    waiting = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for case in cases():
            if options.case and case.name not in options.case:
                continue
            try:
                folder, _ = audit(tools, case, made)
                truth = Truth(json.loads((folder / "report.json").read_bytes()))
            except (Failed, ValueError, OSError) as error:
                tally.count("all", case.name, [str(error)])
                continue
            if case.name == "naughty":
                tally.count("json", "naughty, as it went in", list(whole(truth, naughty.STRINGS)))
            for format in formats:
                path = folder / f"report.{format}"
                waiting.append((format, case.name, pool.submit(judge, format, path, truth, tools)))
        for format, name, job in waiting:
            tally.count(format, name, job.result())
    if not options.case:
        check_canaries(tools, made, tally)
        check_threads(tools, made, tally)
    if PENDING:
        print(f"not judged: {', '.join(PENDING)}")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
