#!/usr/bin/env python3
"""Measures how much memory audit takes: the peak resident set of whole processes.

Builds the program and the generator, makes the exports under target/bench-data
(they are kept), and runs audit once for each row of the table: with 1, 2, 6 and
12 reports, of customers who break one rule or fifteen, and of customers whose
names are long. Reports go to /dev/null, since those of a row can be larger than
a disk. A second table is of exports that are made to be slow or large to read, with
their time for each byte as a multiple of that of plain lines in the same run. Prints
both in Markdown; ends with 1 if a row takes more than 64 MB, or a hostile one more than
128 MB.

  - peak memory is what the kernel saw (ru_maxrss); it cannot see less than what
    this script holds, which is told under the table
  - CPU time is that of all threads, in user code and in the kernel
  - what waits in temporary files is not in memory: they are in $TMPDIR, and are
    nameless

Examples:
  benches/memory.py                           200,000 customers
  benches/memory.py --customers 20000
  benches/memory.py --full                    1,000,000 customers too
  benches/memory.py --only hostile            the second table alone
"""

import argparse
import json
import os
import subprocess
import sys
import time
from itertools import chain, repeat
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
DATA = TARGET / "bench-data"
AS_OF = "2026-01-01T00:00:00Z"
LIMIT = 64e6
# Of a hostile export: what it may take, and how much slower than plain lines it may be.
HOSTILE_LIMIT = 128e6
SLOWEST = 10
FORMATS = [
    "csv", "json", "html", "sarif", "oscal", "markdown",
    "junit", "ndjson", "ocsf", "defectdojo", "metrics", "text", "xlsx",
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


def text_of(parts):
    """Writes texts one after another, of which there may be too many to join."""
    return lambda out: out.writelines(part.encode() for part in parts())


def customer(number, more=""):
    return f'{{"id":"c{number}","name":"Customer {number}","force2fa":true{more}}}'


def keys(record, count):
    for number in range(count):
        yield f',"k{record}_{number}":{number % 10}'


def of_many_keys(records, count):
    def parts():
        for record in range(records):
            yield customer(record)[:-1]
            yield from keys(record, count)
            yield "}\n"

    return parts


def array(elements, head="[", tail="]"):
    def parts():
        yield head
        for number, element in enumerate(elements()):
            yield ("," if number else "") + element
        yield tail

    return parts


def beside():
    """A million small objects before the records."""
    yield '{"other":['
    yield from (f'{{"k":{number},"v":"x{number}"}},' for number in range(1_000_000))
    yield '{}],"records":['
    yield from (customer(number) + "," for number in range(1000))
    yield customer(1000) + "]}"


def nested():
    """Records of 1 MB, most of which are lists of objects."""
    inner = ",".join(f'{{"at":{number},"of":[{{"b":{number}}}]}}' for number in range(33_000))
    return (customer(number, f',"events":[{inner}]') for number in range(30))


# What they are, their name, how they are written, threads, and the exit code: 0 for what
# is only large, 3 for what cannot all be read.
HOSTILE = [
    ("a record of 1,000,000 keys", "keys", of_many_keys(1, 1_000_000), 2, 0),
    ("8 records of 600,000 keys", "keys-8", of_many_keys(8, 600_000), 8, 0),
    ("records of 1 MB with nested lists", "nested", array(nested), 2, 0),
    ("1,000,000 objects before the records", "beside", beside, 2, 0),
    (
        "one text of `},{`, 16 MB", "seams",
        lambda: chain(["[", customer(0)[:-1], ',"x":"'], repeat("},{" * 1000, 5500), ['"}]']), 2, 0,
    ),
    (
        "a CSV quote that is not closed, 128 MB", "quote",
        lambda: chain(["id,name,force2fa\n", 'a,"'], repeat("b,c\n" * 1000, 32_000)), 2, 3,
    ),
    (
        "1,000,000 lines of 8 bytes that are no customers", "no-customers",
        lambda: ('{"k":%d}\n' % (number % 10) for number in range(1_000_000)), 2, 3,
    ),
    (
        "1,000,000 lines of 100 bytes that are no customers", "no-customers-long",
        lambda: ('{"k":"%s","n":%d}\n' % ("x" * 84, number % 10) for number in range(1_000_000)), 2, 3,
    ),
    (
        "1,000,000 rows that are too short", "short-rows",
        lambda: chain(["id,name,force2fa\n"], repeat("a,b\n" * 1000, 1000)), 2, 3,
    ),
    (
        "1,000,000 broken lines", "broken",
        lambda: (customer(number).replace("true", "tru") + "\n" for number in range(1_000_000)), 2, 3,
    ),
]


def flag_policy():
    """A rule that every customer of a hostile export meets."""
    file = DATA / "memory-flag.toml"
    file.write_text(
        '[policy]\nid = "flag"\ntitle = "Flag"\n[[rule]]\nid = "flag"\ntitle = "Flag"\n'
        'severity = "high"\nrequire.force2fa = true\n'
    )
    return file


def run_hostile(audit, threads, export, codes):
    command = [audit, "-p", flag_policy(), "-o", "json:/dev/null", "-q", "-j", threads, "--as-of", AS_OF, export]
    command = [str(word) for word in command]
    best = None
    for _ in range(3):
        begun = time.monotonic()
        code, peak, seconds = measured(command, is_quiet=True)
        wall = time.monotonic() - begun
        if code not in codes:
            raise SystemExit(f"{' '.join(command)}\nended with {code}")
        best = min(best or (wall, seconds, peak), (wall, seconds, peak))
    return best


def hostile(audit, generate):
    """Prints the table of hostile exports; returns whether one took too much memory."""
    base = plain(generate, 200_000)
    wall, seconds, _ = run_hostile(audit, 2, base, (0, 1))
    size = base.stat().st_size
    print(
        f"\nPlain lines: {size / wall / 1e6:,.0f} MB/s, {size / seconds / 1e6:,.0f} MB for each second of CPU.\n\n"
        "| hostile export | threads | peak memory | time | MB/s | time to plain | CPU to plain |\n"
        "| --- | --- | --- | --- | --- | --- | --- |",
        flush=True,
    )
    over = False
    for what, name, parts, threads, code in HOSTILE:
        export = made(f"memory-hostile-{name}", text_of(parts))
        took, used, peak = run_hostile(audit, threads, export, (code,))
        bytes = export.stat().st_size
        ratios = [took / bytes * size / wall, used / bytes * size / seconds]
        over |= peak > HOSTILE_LIMIT
        mark = "**" if peak > HOSTILE_LIMIT else ""
        ratios = " | ".join(f"**{one:.0f}**" if one > SLOWEST else f"{one:.1f}" for one in ratios)
        print(
            f"| {what} | {threads} | {mark}{peak / 1e6:.0f} MB{mark} | {took:.2f} s "
            f"| {bytes / took / 1e6:,.0f} | {ratios} |",
            flush=True,
        )
    return over


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


def measured(command, is_quiet=False):
    """The exit code of a process, its peak memory in bytes, and its CPU time."""
    quiet = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)] * is_quiet
    process = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
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
    parser.add_argument("--only", choices=["reports", "hostile"], help="one of the tables alone")
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
    over = False
    if chosen.only != "hostile":
        over |= reports(chosen, audit, generate)
    if chosen.only != "reports":
        over |= hostile(audit, generate)
    floor = measured(["/bin/true"])[1]
    print(f"\n{chosen.threads} threads, but for what says otherwise; memory under {floor / 1e6:.0f} MB cannot be seen.")
    return 1 if over else 0


def reports(chosen, audit, generate):
    """Prints the table of reports; returns whether one took too much memory."""
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
    return over


if __name__ == "__main__":
    sys.exit(main())
