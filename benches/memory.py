#!/usr/bin/env python3
"""Measures how much memory audit takes: the peak resident set of whole processes.

Builds the program and the generator, makes the exports under target/bench-data
(they are kept), and runs audit once for each row of the table: with 1, 2, 6 and
12 reports, of customers who break one rule or fifteen, and of customers whose
names are long. Reports go to /dev/null, since those of a row can be larger than
a disk. Prints a Markdown table; ends with 1 if a row takes more than 64 MB.

  - peak memory is what the kernel saw (ru_maxrss); it cannot see less than what
    this script holds, which is told under the table
  - CPU time is that of all threads, in user code and in the kernel
  - what waits in temporary files is not in memory: they are in $TMPDIR, and are
    nameless

Examples:
  benches/memory.py                           200,000 customers
  benches/memory.py --customers 20000
  benches/memory.py --full                    1,000,000 customers too
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
DATA = TARGET / "bench-data"
AS_OF = "2026-01-01T00:00:00Z"
LIMIT = 64e6
FORMATS = [
    "csv", "json", "html", "sarif", "oscal", "markdown",
    "junit", "ndjson", "ocsf", "defectdojo", "text", "xlsx",
]
# Of one report each format is a row: they keep their findings in different ways.
REPORTS = [[one] for one in FORMATS] + [FORMATS[:2], ["html", "sarif"], FORMATS[:6], FORMATS]
SEVERITIES = ["low", "medium", "high", "critical", "info"]


def built(program, what):
    say(f"building {program}")
    subprocess.run(["cargo", "build", "--release", "--quiet", *what], cwd=ROOT, check=True)
    return TARGET / "release" / program


def say(text):
    print(f"-- {text}", file=sys.stderr, flush=True)


def made(name, make):
    """A cached file that is there whole or not at all."""
    file = DATA / name
    if not file.exists():
        say(f"making {name}")
        part = file.with_name(file.name + ".part")
        with open(part, "wb") as out:
            make(out)
        part.rename(file)
    return file


def plain(generate, customers):
    command = [generate, "--customers", str(customers), "--plain"]
    return made(
        f"memory-{customers}.ndjson", lambda out: subprocess.run(command, stdout=out, check=True)
    )


def long_names(customers, characters):
    def make(out):
        for number in range(customers):
            name = f"Customer {number} " + "<é\">" * (characters // 4)
            out.write(json.dumps({"id": f"c{number}", "name": name}).encode() + b"\n")

    return made(f"memory-{customers}-names-of-{characters}.ndjson", make)


def policy(rules):
    """Rules that no customer meets, in severities that come in no order."""
    text = '[policy]\nid = "memory"\ntitle = "Nobody meets this"\n'
    for number in range(rules):
        text += (
            f'[[rule]]\nid = "rule-{number}"\ntitle = "A name of the form {number}"\n'
            f'severity = "{SEVERITIES[number % len(SEVERITIES)]}"\n'
            f'require.name = {{ matches = "^no such name {number}$" }}\n'
            f'rationale = "Why {number}."\nremediation = "Do {number}."\n'
            f'references = ["PCI DSS 4.0.1: 8.4.2 (partial)"]\n'
        )
    file = DATA / f"memory-{rules}.toml"
    file.write_text(text)
    return file


def run(audit, threads, rules, export, formats):
    outputs = [word for name in formats for word in ("-o", f"{name}:/dev/null")]
    command = [audit, "-p", policy(rules), *outputs, "-q", "-j", threads, "--as-of", AS_OF, export]
    command = [str(word) for word in command]
    code, peak, seconds = measured(command)
    # 1 says that there are findings, and there are.
    if code != 1:
        raise SystemExit(f"{' '.join(command)}\nended with {code}")
    return peak, seconds


def measured(command):
    """The exit code of a process, its peak memory in bytes, and its CPU time."""
    process = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    code = os.waitstatus_to_exitcode(status)
    return code, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=200_000, metavar="N",
                        help="size of the export (default 200,000)")
    parser.add_argument("--threads", type=int, default=2, metavar="N",
                        help="threads of audit (default 2)")
    parser.add_argument("--full", action="store_true", help="1,000,000 customers too (0.9 GB of disk)")
    parser.add_argument("--audit", type=Path, metavar="FILE",
                        help="measure this program instead of building one")
    parser.add_argument("--generate", type=Path, metavar="FILE",
                        help="use this generator instead of building one")
    return parser.parse_args()


def main():
    chosen = options()
    DATA.mkdir(parents=True, exist_ok=True)
    audit = chosen.audit or built("audit", ["--bin", "audit"])
    generate = chosen.generate or built("examples/generate", ["--example", "generate"])
    sizes = [chosen.customers] + [1_000_000] * chosen.full
    rows = [
        (f"{size:,} customers, {rules} finding{'s' * (rules > 1)} each", plain(generate, size), rules)
        for size in sizes
        for rules in (1, 15)
    ]
    for customers, characters in [(10_000, 4_000), (500, 100_000)]:
        what = f"{customers:,} customers with names of {characters:,} characters, 15 findings each"
        rows.append((what, long_names(customers, characters), 15))
    print("| export | reports | peak memory | CPU time |\n| --- | --- | --- | --- |", flush=True)
    over = False
    for what, export, rules in rows:
        for formats in REPORTS:
            peak, seconds = run(audit, chosen.threads, rules, export, formats)
            over |= peak > LIMIT
            mark = "**" if peak > LIMIT else ""
            names = "all 12" if formats == FORMATS else ", ".join(formats)
            print(f"| {what} | {names} | {mark}{peak / 1e6:.0f} MB{mark} | {seconds:.1f} s |", flush=True)
    floor = measured(["/bin/true"])[1]
    print(f"\n{chosen.threads} threads; memory under {floor / 1e6:.0f} MB cannot be seen.")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
