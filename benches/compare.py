#!/usr/bin/env python3
"""Times audit against the tools that one would otherwise use, side by side.

Builds the program and the generator, makes the exports under target/bench-data
(they are kept), installs DuckDB's command line and polars into
target/bench-venv and jq from the system's packages, and runs for each row of
the table two commands in turn, A B A B ..., a fresh process each, with the
output in a file. Before a pair is timed both sides run once; there their
findings are compared, customer by customer and rule by rule, with each other
and with what the generator planted. Prints a Markdown table.

How to read it:
  - times are medians of the whole process, wall clock; a ratio is the ratio of
    the medians, in brackets the least and greatest ratio of a single pair
  - peak memory is what the kernel saw (ru_maxrss); it cannot see less than what
    the process held that started it, which is told under the table
  - "scaling" is told with and without the time of a run over one record, and
    is judged without: at 10,000 customers starting up is most of the run
  - "hostile" exports hold a quarter of the customers, each with 16 findings

What the other side is given:
  - exports with plain spellings (generate --plain: true and false, times in Z),
    since typed columns refuse others; audit gets the same file and is not told
  - columns with types, no guessing, only the columns that the rules need, as
    many threads as audit, and the fastest of the queries that were tried: rules
    in one pass, the exact union of networks only where an entry is wide
  - less to write: policy, rule, status, customer id and name. audit writes its
    whole report, with evidence, texts and fingerprints, in the order of the export
  - IPv6 is only asked for ::/0, where audit joins all ranges

Examples:
  benches/compare.py                          all rows, 1,000,000 customers
  benches/compare.py --only ndjson --only csv
  benches/compare.py --customers 20000 --pairs 2
  benches/compare.py --full                   with 10,000,000 customers too
"""

import argparse
import contextlib
import csv
import datetime
import functools
import hashlib
import itertools
import marshal
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCHES = ROOT / "benches"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
AS_OF = "2026-01-01T00:00:00Z"
NEXT_NIGHT = "2026-01-02T00:00:00Z"
THREADS = "2"  # of audit and of its peers; main() sets it
EXTENSIONS = {"ndjson": "ndjson", "array": "array.json", "pretty": "pretty.json", "csv": "csv"}
RULES = ["mfa", "pci-passwords", "open-allowlist", "wide-allowlist", "security-contact", "review"]


class Skip(Exception):
    """A row that cannot be measured here, and why."""


# --- one process, measured -------------------------------------------------


class Run:
    """How long a process took, how long it had a core, and how much memory it held; of one whose
    output was brought to the disk by another, also how long it took without."""

    def __init__(self, seconds, cpu, peak, unsynced=None):
        self.seconds = seconds
        self.cpu = cpu
        self.peak = peak
        self.unsynced = unsynced or seconds


# Linux charges a process with what its parent held when it was started. So the
# parent is this, and not the script around it.
STARTER = """
import marshal, posix, sys, time
while True:
    try:
        command, environment, actions = marshal.load(sys.stdin.buffer)
    except EOFError:
        break
    start = time.perf_counter()
    process = posix.posix_spawn(command[0], command, environment, file_actions=actions)
    _, status, usage = posix.wait4(process, 0)
    seconds = time.perf_counter() - start
    cpu = usage.ru_utime + usage.ru_stime
    marshal.dump((seconds, cpu, status, usage.ru_maxrss), sys.stdout.buffer)
    sys.stdout.buffer.flush()
"""


@functools.cache
def starter():
    command = [sys.executable, "-I", "-S", "-c", STARTER]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def run(command, stdin=os.devnull, stdout=os.devnull, good=(0,)):
    """Runs a command in a process of its own; anything but a good exit code is an error."""
    command = [str(word) for word in command]
    environment = {**os.environ, "POLARS_MAX_THREADS": THREADS}
    errors = str(TARGET / "bench-data" / "stderr.txt")
    fresh = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, str(stdin), os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(stdout), fresh, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, errors, fresh, 0o644),
    ]
    parent = starter()
    marshal.dump((command, environment, actions), parent.stdin)
    parent.stdin.flush()
    try:
        seconds, cpu, status, kilobytes = marshal.load(parent.stdout)
    except EOFError:
        raise SystemExit(f"{command[0]} could not be started") from None
    code = os.waitstatus_to_exitcode(status)
    if code not in good:
        said = Path(errors).read_text(errors="replace")[-2000:]
        raise SystemExit(f"{' '.join(command)}\nended with {code}:\n{said}")
    return Run(seconds, cpu, kilobytes * 1024)


def warm(*commands):
    """Once before the clock counts, so that files are cached and outputs are there."""
    for command in commands:
        command()


def in_turn(first, second, pairs):
    """A B A B ...: so that what else the machine does falls on both."""
    runs = [(first(), second()) for _ in range(pairs)]
    return [a for a, _ in runs], [b for _, b in runs]


def median(runs):
    return statistics.median(one.seconds for one in runs)


def peak(runs):
    return max(one.peak for one in runs)


# --- the commands ----------------------------------------------------------


class Bench:
    """What is compared, where it lies, and how it is called."""

    def __init__(self, options):
        self.options = options
        self.data = TARGET / "bench-data"
        self.venv = TARGET / "bench-venv"
        self.data.mkdir(parents=True, exist_ok=True)
        self.audit_program = options.audit or self.built("audit", ["--bin", "audit"])
        self.generate_program = options.generate or self.built(
            "examples/generate", ["--example", "generate"]
        )
        # Another generator makes other exports.
        sources = sorted((BENCHES / "generate").glob("*.rs"))
        digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources))
        self.edition = digest.hexdigest()[:8]

    def built(self, program, what):
        say(f"building {program}")
        subprocess.run(["cargo", "build", "--release", "--quiet", *what], cwd=ROOT, check=True)
        return TARGET / "release" / program

    def export(self, shape, customers, *arguments):
        """A cached export, and beside it the findings that were planted."""
        kind = "-".join(word.strip("-") for word in arguments) or "odd"
        name = f"{self.edition}-{kind}-{customers}.{EXTENSIONS[shape]}"
        file = self.data / name
        if not file.exists():
            say(f"making {name}")
            whole = ["--customers", str(customers), "--shape", shape, *arguments]
            planted = planted_beside(file)
            with aside(file) as part, open(part, "wb") as out:
                command = [self.generate_program, *whole, "--planted", planted]
                subprocess.run(command, stdout=out, check=True)
        return file

    def plain(self, shape, customers=None):
        return self.export(shape, customers or self.options.customers, "--plain")

    def compressed(self, file, tool):
        suffix = {"gzip": ".gz", "zstd": ".zst"}[tool]
        packed = file.with_name(file.name + suffix)
        program = shutil.which(tool)
        if program is None:
            raise Skip(f"{tool} is not installed")
        if not packed.exists():
            say(f"making {packed.name}")
            with aside(packed) as part, open(file, "rb") as source, open(part, "wb") as out:
                subprocess.run([program, "-c"], stdin=source, stdout=out, check=True)
        return packed

    def out(self, name):
        folder = self.data / "out"
        folder.mkdir(exist_ok=True)
        return folder / name

    def audit(self, file, out, policy="six", threads=None, before=(), night=(AS_OF,), **streams):
        """A run by a policy of the benchmark."""
        policies = [BENCHES / f"{policy}.toml"]
        reports = ["-o", out] if out else []
        # 1 says that there are findings, and there are.
        return self.audited([file], policies, reports, threads, before, night, (0, 1), **streams)

    def audited(
        self, files, policies, reports, threads=None, before=(), night=(AS_OF,), good=(0, 1, 3), **streams
    ):
        """A run by any policies with any reports; by shipped ones some outcomes are undecided."""
        threads = [] if threads == "all" else ["-j", threads or THREADS]
        asked = [word for policy in policies for word in ("-p", policy)]
        command = [self.audit_program, *asked, "-q"]
        command = [*before, *command, "--as-of", *night, *threads, *files, *reports]
        return run(command, good=good, **streams)

    def policy_of(self, rules):
        """A policy of so many rules, of the kinds of the long one; beyond it, with others of
        its values."""
        file = self.out(f"{rules}-rules.toml")
        head, *texts = (BENCHES / "hundred.toml").read_text().split("[[rule]]\n")
        made = [varied(texts[number % len(texts)], number // len(texts)) for number in range(rules)]
        return write(file, "[[rule]]\n".join([head, *made]))

    @functools.cache
    def noise(self):
        """How much the pairs of one and the same command differ: the greatest ratio to the least."""
        file, out = self.plain("ndjson", max(self.options.customers // 4, 1)), self.out("noise.csv")
        same = lambda: self.audit(file, out)
        warm(same)
        left, right = in_turn(same, same, max(self.options.pairs, 7))
        each = [b.seconds / a.seconds for a, b in zip(left, right)]
        say(f"noise of this machine: pairs of the same command differ by {max(each) / min(each):.2f}")
        return max(each) / min(each)

    # The peers are installed when first asked for.

    def python(self):
        python = self.venv / "bin" / "python"
        if not python.exists():
            say("making the environment of the peers")
            subprocess.run([sys.executable, "-m", "venv", self.venv], check=True)
        return python

    def package(self, name):
        mark = self.venv / f"installed-{name}"
        python = self.python()
        if not mark.exists():
            say(f"installing {name}")
            done = subprocess.run([python, "-m", "pip", "install", "--quiet", name])
            if done.returncode != 0:
                raise Skip(f"{name} could not be installed")
            mark.touch()
        return python

    def duckdb(self):
        """The program itself, without the Python that the package wraps around it."""
        self.package("duckdb-cli")
        found = sorted(self.venv.glob("lib/python*/site-packages/duckdb_cli/duckdb"))
        if not found:
            raise Skip("the package duckdb-cli holds no program")
        return found[0]

    def jq(self):
        if shutil.which("jq") is None and shutil.which("apt-get"):
            say("installing jq")
            subprocess.run(["apt-get", "install", "--yes", "--quiet", "jq"], check=False)
        program = shutil.which("jq")
        if program is None:
            raise Skip("jq is not installed")
        return program

    def run_duckdb(self, shape, file, out):
        """With `sync` in its time: a report that may vanish is no evidence, and audit syncs its own."""
        query = write(self.out("six-duckdb.sql"), duckdb_query(shape, file, out))
        queried = run([self.duckdb(), "-f", query])
        synced = run([shutil.which("sync"), out])
        seconds, cpu = queried.seconds + synced.seconds, queried.cpu + synced.cpu
        return Run(seconds, cpu, queried.peak, unsynced=queried.seconds)

    def run_duckdb_module(self, shape, file, out):
        query = write(self.out("six-duckdb.sql"), duckdb_query(shape, file, out))
        script = f"import duckdb; duckdb.execute(open({str(query)!r}).read())"
        return run([self.package("duckdb"), "-c", script])

    def run_polars(self, shape, file, out):
        script = write(self.out("six-polars.py"), POLARS)
        return run([self.package("polars"), script, shape, file, out])

    def run_jq(self, file, out):
        script = write(self.out("six.jq"), JQ)
        return run([self.jq(), "-n", "-r", "-f", script, file], stdout=out)


def varied(rule, times):
    """A rule of the same kind that asks for something else: another word, number or net."""
    if times == 0:
        return rule
    rule = re.sub(r'(?m)^id = "(.*)"$', rf'id = "\1-{times}"', rule)
    rule = re.sub(r'"(\d+)([dwh])"', lambda span: f'"{int(span[1]) + times}{span[2]}"', rule)
    # What nearly all customers meet must not become what nobody does: reports would be timed.
    rule = re.sub(r'(before = ")(\d{4})-', lambda year: f"{year[1]}{int(year[2]) + times}-", rule)
    rule = re.sub(r'(after = ")(\d{4})-', lambda year: f"{year[1]}{int(year[2]) - times}-", rule)
    rule = re.sub(r"(min-length = )(\d+)", lambda least: f"{least[1]}{max(int(least[2]) - times, 1)}", rule)
    rule = re.sub(r"(max-length = )(\d+)", lambda most: f"{most[1]}{int(most[2]) + times}", rule)
    rule = re.sub(r"v4 = (\d+)", lambda prefix: f"v4 = {int(prefix[1]) + times}", rule)
    rule = re.sub(r"/(\d\d)\"", lambda prefix: f'/{min(int(prefix[1]) + times, 32)}"', rule)
    return re.sub(r"(?m)(matches = '.*)'", rf"\1|zq{times}x'", rule)


@contextlib.contextmanager
def aside(file):
    """A file that is there whole or not at all."""
    part = file.with_name(file.name + ".part")
    yield part
    part.rename(file)


def planted_beside(file):
    return file.with_name(file.name + ".planted.csv")


def write(file, text):
    file.write_text(text)
    return file


def say(text):
    print(f"-- {text}", file=sys.stderr, flush=True)


# --- the same findings -----------------------------------------------------


def same_findings(files):
    """Ends the script unless all files hold the same customers and rules."""
    if differences(files):
        raise SystemExit("the findings are not the same: nothing to compare")


def differences(files):
    reference, *others = files
    expected = findings(reference)
    differing = 0
    for other in others:
        found = findings(other)
        if found != expected:
            differing += 1
            missing = sorted(set(expected) - set(found))
            extra = sorted(set(found) - set(expected))
            say(f"{other} has {len(found)} findings, {reference} has {len(expected)}")
            say(f"missing {missing[:3]}, extra {extra[:3]}")
    return differing


def findings(file):
    with open(file, newline="", encoding="utf-8") as lines:
        return sorted(f"{row['customer_id']} {row['rule']}" for row in csv.DictReader(lines))


# --- the rows --------------------------------------------------------------


class Row:
    """A line of the table."""

    def __init__(self, what, ours, other, ratio, goal, met, memory=""):
        self.cells = [what, ours, other, ratio, goal, met, memory]


def versus(bench, what, ours, other, goal, met, upside_down=False, note=None):
    """Times two commands in turn. The ratio says how much faster the first is,
    or upside down how much longer it takes."""
    left, right = in_turn(ours, other, bench.options.pairs)
    each = [b.seconds / a.seconds for a, b in zip(left, right)]
    middle = median(right) / median(left)
    if upside_down:
        each, middle = [1 / one for one in each], 1 / middle
    extra = f" {note(left, right)}" if note else ""
    if max(each) / min(each) > bench.noise():
        say(f"noisy: the pairs of the next row differ by {max(each) / min(each):.2f}, those of one and the same by {bench.noise():.2f}")
        extra += " (noisy)"
    return Row(
        what + extra,
        seconds(median(left)),
        seconds(median(right)),
        f"{middle:.2f} ({min(each):.2f}–{max(each):.2f})",
        goal,
        "—" if met is None else yes(met(middle)),
        f"{megabytes(peak(left))} / {megabytes(peak(right))}",
    )


def against(bench, shape, peer, goal, least, title):
    """audit and a peer over the same export, once the findings are the same."""
    file = bench.plain(shape)
    ours, theirs = bench.out("audit.csv"), bench.out("peer.csv")
    first = lambda: bench.audit(file, ours)
    second = lambda: peer(shape, file, theirs)
    warm(first, second)
    same_findings([planted_beside(file), ours, theirs])
    met = None if least is None else lambda ratio: ratio >= least
    return versus(bench, title, first, second, goal, met, note=unsynced)


def unsynced(left, right):
    """What the ratio is if the peer leaves its output to be lost."""
    if all(one.unsynced == one.seconds for one in right):
        return ""
    ratio = statistics.median(one.unsynced for one in right) / median(left)
    return f"({ratio:.2f} without its sync)"


def row_ndjson(bench):
    title = f"NDJSON, {count(bench)}, against DuckDB"
    yield against(bench, "ndjson", bench.run_duckdb, "2.5 x faster", 2.5, title)


def row_array(bench):
    title = f"JSON array, {count(bench)}, against DuckDB"
    yield against(bench, "array", bench.run_duckdb, "6 x faster", 6, title)


def row_pretty(bench):
    title = f"pretty-printed array, {count(bench)}, against DuckDB"
    yield against(bench, "pretty", bench.run_duckdb, "5 x faster", 5, title)


def row_csv(bench):
    for peer, name in [(bench.run_duckdb, "DuckDB"), (bench.run_polars, "polars")]:
        title = f"CSV, {count(bench)}, against {name}"
        yield against(bench, "csv", peer, "2 x faster", 2, title)


def row_others(bench):
    """For information: peers that no goal names."""
    yield against(
        bench, "ndjson", bench.run_duckdb_module, "—", None, "NDJSON, against DuckDB's Python module"
    )
    for shape in ["ndjson", "array"]:
        title = {"ndjson": "NDJSON", "array": "JSON array"}[shape] + ", against polars"
        yield against(bench, shape, bench.run_polars, "—", None, title)


def row_memory(bench):
    out = bench.out("memory.csv")
    peaks = {}
    for shape in EXTENSIONS:
        file = bench.plain(shape)
        peaks[f"{shape} file"] = bench.audit(file, out).peak
        peaks[f"{shape} stdin"] = bench.audit("-", out, stdin=file).peak
    yield memory_row(f"peak memory, {count(bench)}", peaks)
    hostile = bench.export("ndjson", max(bench.options.customers // 4, 1), "--hostile")
    sixteen = [BENCHES / "sixteen.toml"]
    report = lambda format: ["-o", f"{format}:{bench.out(f'memory.{format}')}"]
    several = [*([one] for one in ["csv", *FORMATS]), ["csv", *FORMATS]]
    peaks = {}
    for formats in several:
        reports = [word for format in formats for word in report(format)]
        name = formats[0] if len(formats) == 1 else "all at once"
        peaks[name] = bench.audited([hostile], sixteen, reports).peak
    yield memory_row("peak memory, 16 findings a customer, each report", peaks)
    if bench.options.full:
        customers = bench.options.customers * 10
        peaks = {
            f"{shape} stdin": piped(bench, shape, customers, out).peak for shape in EXTENSIONS
        }
        yield memory_row(f"peak memory, {customers:,} customers, piped", peaks)


def piped(bench, shape, customers, out):
    """audit fed by the generator: ten million customers need no room on a disk."""
    say(f"piping {customers} customers, {shape}")
    pipe = bench.out("pipe")
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    generate = [bench.generate_program, "--customers", str(customers), "--shape", shape, "--plain"]
    with subprocess.Popen(["/bin/sh", "-c", 'exec "$@" >"$0"', pipe, *generate]):
        measured = bench.audit("-", out, stdin=pipe)
    pipe.unlink()
    return measured


def memory_row(what, peaks):
    told = ", ".join(f"{name} {megabytes(size)}" for name, size in peaks.items())
    most = max(peaks.values())
    return Row(what, megabytes(most), told, "", "under 64 MB", yes(most < 64e6), "")


def row_one(bench):
    many, one = bench.plain("ndjson", 1000), bench.plain("ndjson", 1)
    ours, theirs = bench.out("audit.csv"), bench.out("peer.csv")
    bench.audit(many, ours)
    bench.run_jq(many, theirs)
    same_findings([planted_beside(many), ours, theirs])
    first = lambda: bench.audit(one, ours)
    second = lambda: bench.run_jq(one, theirs)
    warm(first, second)
    left, right = in_turn(first, second, max(bench.options.pairs, 21))
    middle = median(left)
    each = [b.seconds / a.seconds for a, b in zip(left, right)]
    yield Row(
        "one record, whole process, against jq",
        seconds(middle),
        seconds(median(right)),
        f"{median(right) / middle:.2f} ({min(each):.2f}–{max(each):.2f})",
        "under 10 ms, and under jq",
        yes(middle < 0.010 and middle < median(right)),
        f"{megabytes(peak(left))} / {megabytes(peak(right))}",
    )


def row_scaling(bench):
    most = bench.options.customers
    sizes = [most // 100, most // 10, most] + ([most * 10] if bench.options.full else [])
    sizes = [size for size in sizes if size > 0]
    out = bench.out("audit.csv")
    files = {size: bench.plain("ndjson", size) for size in [1, *sizes]}
    runs = {size: [] for size in files}
    for file in files.values():
        bench.audit(file, out)
    for _ in range(bench.options.pairs):
        for size, file in files.items():
            # Short runs are noisy: more of them, in the same turn.
            for _ in range(1 if size > 200_000 else 5):
                runs[size].append(bench.audit(file, out))
    start = median(runs[1])
    gross = {size: median(runs[size]) / size * 1e9 for size in sizes}
    net = {size: max(median(runs[size]) - start, 0) / size * 1e9 for size in sizes}
    spread = max(net.values()) / max(min(net.values()), 1)
    yield Row(
        "cost of a record, " + ", ".join(f"{size:,}" for size in sizes) + " customers",
        ", ".join(f"{cost:.0f}" for cost in net.values()) + " ns",
        f"with start-up ({seconds(start)}): "
        + ", ".join(f"{cost:.0f}" for cost in gross.values())
        + " ns",
        f"{spread:.2f}",
        "within 20 %",
        yes(spread <= 1.2),
        megabytes(max(peak(one) for one in runs.values())),
    )


def row_growth(bench):
    """How the cost grows with the records, and with the rules: a line each, to be drawn."""
    out = bench.out("growth.csv")
    sizes = [125_000, 250_000, 500_000, 1_000_000]
    sizes += [2_000_000, 4_000_000, 8_000_000] if bench.options.full else []
    least = lambda measured: min(measured().cpu for _ in range(max(bench.options.pairs, 3)))
    files = [(size, bench.plain("ndjson", size)) for size in sizes]
    costs = {size: least(lambda: bench.audit(file, out)) / size * 1e9 for size, file in files}
    yield growth_row("CPU of a record, six rules, by records", costs, 1.2)
    file = bench.plain("ndjson", 125_000)
    counts = [1, 3, 10, 30, 100, 300, 1000]
    policies = [(rules, bench.policy_of(rules)) for rules in counts]
    audited = lambda policy: least(lambda: bench.audited([file], [policy], ["-o", out]))
    costs = {rules: audited(policy) / 125_000 * 1e9 for rules, policy in policies}
    yield growth_row("CPU of a record, by rules", costs, None)


def growth_row(what, costs, most):
    told = ", ".join(f"{size:,}: {cost:.0f} ns" for size, cost in costs.items())
    spread = max(costs.values()) / min(costs.values())
    met = "—" if most is None else yes(spread <= most)
    goal = "" if most is None else "linear: within 20 %"
    return Row(what, told, "", f"{spread:.2f}", goal, met)


def row_stages(bench):
    """The profile by stage: decoding, judging and wording alone, by `cargo bench`."""
    command = ["cargo", "bench", "--quiet", "--bench", "stages", "--", "--quick", "--noplot"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    stage = re.compile(r"^(\S+)\s+time:\s+\[\S+ \S+ (\S+ \S+) .*?\](?:\s+thrpt:\s+\[\S+ \S+ (\S+ \S+))?", re.M)
    for name, time, throughput in stage.findall(said):
        yield Row(f"stage {name}", time, "", throughput, "", "—")


def row_rules(bench):
    file = bench.plain("ndjson")
    short = bench.out("six.csv")
    second = lambda: bench.audit(file, short)
    for rules, most in [(25, None), (100, 2.0), (400, 3.0)]:
        long, policy = bench.out(f"{rules}-rules.csv"), bench.policy_of(rules)
        first = lambda: bench.audited([file], [policy], ["-o", long])
        warm(first, second)
        sizes = f"({megabytes(long.stat().st_size)} and {megabytes(short.stat().st_size)} of report)"
        yield versus(
            bench,
            f"{rules} rules against 6 rules {sizes}",
            first,
            second,
            f"at most {most} x the time" if most else "",
            (lambda ratio: ratio <= most) if most else None,
            upside_down=True,
        )


SHIPPED = "pci cis-controls soc2 iso27001 nist-800-53 nist-csf baseline record-integrity".split()


def row_shipped(bench):
    """What a finding costs: the same run once with its findings as CSV, once with a report
    of controls alone, for which none is put into words."""
    file = bench.plain("ndjson")
    for what, policies in [("pci", ["pci"]), ("baseline", ["baseline"]), ("all shipped", SHIPPED)]:
        rows, counts = bench.out("shipped.csv"), bench.out("shipped-controls.csv")
        first = lambda: bench.audited([file], policies, ["-o", rows])
        second = lambda: bench.audited([file], policies, ["-o", f"controls:{counts}"])
        warm(first, second)
        findings = lines(rows) - 1

        def cost(left, right):
            cpu = statistics.median(a.cpu - b.cpu for a, b in zip(left, right))
            each = cpu / max(findings, 1) * 1e9
            return f"({findings:,} findings, {each:.0f} ns of CPU each, {rows.stat().st_size / findings:.0f} bytes)"

        yield versus(
            bench,
            f"{what}: findings as CSV against none",
            first,
            second,
            "300 ns a finding",
            None,
            upside_down=True,
            note=cost,
        )


def lines(file):
    with open(file, "rb") as rows:
        return sum(block.count(b"\n") for block in iter(lambda: rows.read(1 << 20), b""))


FORMATS = "json ndjson html markdown sarif junit ocsf oscal defectdojo xlsx controls matrix metrics text".split()


def row_formats(bench):
    """Each report alone, and four at once, against CSV alone, with findings for most customers."""
    file = bench.plain("ndjson", max(bench.options.customers // 4, 1))
    out = lambda format: f"{format}:{bench.out(f'formats.{format}')}"
    second = lambda: bench.audited([file], ["pci"], ["-o", out("csv")])
    four = ["html", "sarif", "markdown", "csv"]
    for formats in [*([one] for one in FORMATS), four]:
        reports = [word for format in formats for word in ("-o", out(format))]
        first = lambda: bench.audited([file], ["pci"], reports)
        warm(first, second)
        is_four = formats == four
        yield versus(
            bench,
            f"pci, {' + '.join(formats)} against csv",
            first,
            second,
            "at most 1.6 x the time" if is_four else "",
            (lambda ratio: ratio <= 1.6) if is_four else None,
            upside_down=True,
        )


def row_matrix(bench):
    """What every record came to, beside the findings."""
    file = bench.plain("ndjson")
    for policy in ["six", "hundred"]:
        rows, matrix = bench.out("matrix-findings.csv"), bench.out("matrix.csv")
        policies = [BENCHES / f"{policy}.toml"]
        first = lambda: bench.audited([file], policies, ["-o", rows, "--matrix", matrix])
        second = lambda: bench.audited([file], policies, ["-o", rows])
        warm(first, second)
        yield versus(
            bench,
            f"{policy} rules with --matrix ({megabytes(matrix.stat().st_size)}) against without",
            first,
            second,
            "",
            None,
            upside_down=True,
        )


def row_small(bench):
    """Ten thousand files of thirty records against one file of them."""
    files, each = 10_000, 30
    whole = bench.plain("ndjson", files * each)
    folder = whole.with_suffix(".parts")
    if not folder.exists():
        say(f"making {folder.name}")
        part = folder.with_suffix(".unfinished")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        with open(whole, "rb") as records:
            for number in range(files):
                rows = b"".join(itertools.islice(records, each))
                (part / f"{number:05}.ndjson").write_bytes(rows)
        part.rename(folder)
    parts = sorted(folder.iterdir())
    out = bench.out("small.csv")
    six = [BENCHES / "six.toml"]
    first = lambda: bench.audited(parts, six, ["-o", out])
    second = lambda: bench.audited([whole], six, ["-o", out])
    warm(first, second)
    yield versus(
        bench,
        f"{files:,} files of {each} records against one file of them",
        first,
        second,
        "at most 1.3 x the time",
        lambda ratio: ratio <= 1.3,
        upside_down=True,
    )


def row_hostile(bench):
    file = bench.export("ndjson", max(bench.options.customers // 4, 1), "--hostile")
    for kind in ["csv", "json"]:
        two, one = bench.out(f"hostile-2.{kind}"), bench.out(f"hostile-1.{kind}")
        first = lambda: bench.audit(file, two, policy="sixteen", threads="2")
        second = lambda: bench.audit(file, one, policy="sixteen", threads="1")
        warm(first, second)
        if kind == "csv":
            same_findings([planted_beside(file), two])
        same_bytes(two, one)
        size = two.stat().st_size
        yield versus(
            bench,
            f"every customer fails 16 rules, {kind.upper()} out, -j 2 against -j 1",
            first,
            second,
            "1.6 x faster",
            lambda ratio: ratio >= 1.6,
            note=lambda left, _: f"({megabytes(size)} of report, {size / median(left) / 1e6:.0f} MB/s)",
        )


def same_bytes(one, other):
    if subprocess.run(["cmp", "--silent", one, other]).returncode != 0:
        raise SystemExit(f"{one} and {other} differ")


def row_compressed(bench):
    file = bench.plain("ndjson")
    out = bench.out("audit.csv")
    for tool in ["gzip", "zstd"]:
        packed = bench.compressed(file, tool)
        first = lambda: bench.audit(packed, out)
        second = lambda: run([bench.generate_program, "inflate", packed])
        warm(first, second)
        same_findings([planted_beside(file), out])
        yield versus(
            bench,
            f"{tool}, against its decoder alone",
            first,
            second,
            "within 15 %",
            lambda ratio: ratio <= 1.15,
            upside_down=True,
        )


def row_nights(bench):
    """Runs that are compared with the night before, against the same run that is not: what a
    history writes is compared with a run that writes the same packed report and a manifest."""
    file = bench.plain("ndjson")
    # Tonight everything is found again that was found last night.
    night = lambda out, *more, as_of=NEXT_NIGHT: bench.audit(
        file, out, policy="three", night=(as_of, *more)
    )
    for name in ["nights.ndjson", "nights.ndjson.zst"]:
        last, since, alone = (bench.out(f"{part}-{name}") for part in ["last", "since", "alone"])
        night(last, as_of=AS_OF)
        yield night_row(
            bench,
            f"3 findings each, --since {name} of {megabytes(last.stat().st_size)}",
            lambda: night(since, "--since", last),
            lambda: night(alone),
        )
    history, before = bench.out("history"), bench.out("history-before")
    shutil.rmtree(before, ignore_errors=True)
    before.mkdir()
    night(None, "--history", before, as_of=AS_OF)

    def again():
        shutil.rmtree(history, ignore_errors=True)
        shutil.copytree(before, history)
        return night(None, "--history", history)

    manifest = bench.out("history-alone.json")
    kept = lambda: night(alone, "--manifest", manifest)
    yield night_row(bench, "3 findings each, --history", again, kept)


def night_row(bench, what, compared, alone):
    warm(compared, alone)
    limit = "at most 1.5 x the time"
    return versus(bench, what, compared, alone, limit, lambda ratio: ratio <= 1.5, upside_down=True)


def row_cores(bench):
    two, one = bench.out("two.csv"), bench.out("one.csv")
    for shape in EXTENSIONS:
        file = bench.plain(shape)
        first = lambda: bench.audit(file, two, threads="2")
        second = lambda: bench.audit(file, one, threads="1")
        warm(first, second)
        same_bytes(two, one)
        yield versus(
            bench,
            f"{shape}, -j 2 against -j 1",
            first,
            second,
            "1.7 x faster",
            lambda ratio: ratio >= 1.7,
        )


def row_affinity(bench):
    taskset = shutil.which("taskset")
    if taskset is None:
        raise Skip("taskset is not installed")
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise Skip("there is only one core")
    file = bench.plain("ndjson")
    out = bench.out("audit.csv")
    both, single = f"{cpus[0]},{cpus[1]}", f"{cpus[0]}"
    first = lambda: bench.audit(file, out, threads="all", before=[taskset, "-c", both])
    second = lambda: bench.audit(file, out, threads="all", before=[taskset, "-c", single])
    warm(first, second)
    yield versus(
        bench,
        "ndjson, two cores against one (taskset)",
        first,
        second,
        "1.7 x faster",
        lambda ratio: ratio >= 1.7,
    )


def row_shards(bench):
    """A part of a run against the run, in CPU time, and a merge: how quick it is, and how much
    memory many partials take."""
    file = bench.plain("ndjson")
    folder = bench.out("shards")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for policy in ["pci", "record-integrity"]:
        judging = ["-p", policy, "--as-of", AS_OF]
        shard = [bench.audit_program, "shard", "-q", *judging]
        whole, merged, one = bench.out("whole.csv"), bench.out("merged.csv"), folder / "one.part"
        first = lambda: run([*shard, "--part", "1/1", "--into", one, file])
        alone = ["-q", *judging, "-j", "1", "-o", whole, file]
        second = lambda: run([bench.audit_program, *alone], good=(0, 1, 3))
        merging = [bench.audit_program, "merge", "-q", *judging, "-j", "1", "-o", merged]
        merge = lambda *partials: run([*merging, *partials], good=(0, 1, 3))
        warm(first, second, lambda: merge(one))
        same_bytes(whole, merged)
        left, right = in_turn(first, second, bench.options.pairs)
        middle = lambda runs: statistics.median(each.cpu for each in runs)
        records = bench.options.customers
        size = one.stat().st_size
        yield Row(
            f"{policy}: CPU of a part against a run to CSV on one thread, {size / records:.0f} bytes a record",
            seconds(middle(left)),
            seconds(middle(right)),
            f"{middle(left) / middle(right):.2f}",
            "at most 1.3 x",
            yes(middle(left) <= 1.3 * middle(right)),
            f"{megabytes(peak(left))} / {megabytes(peak(right))}",
        )
        merges = [merge(one) for _ in range(bench.options.pairs)]
        rate = merged.stat().st_size / median(merges) / 1e6
        yield Row(
            f"{policy}: merge of one partial to CSV, one thread",
            seconds(median(merges)),
            f"{rate:.0f} MB/s of report",
            "",
            "",
            "—",
            megabytes(peak(merges)),
        )
    peaks = {}
    for parts in [100, 1000] + ([10_000] if bench.options.full else []):
        many = folder / str(parts)
        many.mkdir()
        for part in range(1, parts + 1):
            into = many / f"{part}.part"
            run([*shard, "--part", f"{part}/{parts}", "--into", into, file])
        names = folder / "names"
        names.write_text("".join(f"{path}\n" for path in many.iterdir()))
        peaks[f"{parts:,} partials"] = merge("--partials-from", names).peak
        same_bytes(whole, merged)
    yield memory_row("peak memory of a merge", peaks)
    shutil.rmtree(folder)


ROWS = {
    "ndjson": row_ndjson,
    "array": row_array,
    "pretty": row_pretty,
    "csv": row_csv,
    "others": row_others,
    "memory": row_memory,
    "one": row_one,
    "scaling": row_scaling,
    "growth": row_growth,
    "stages": row_stages,
    "rules": row_rules,
    "shipped": row_shipped,
    "formats": row_formats,
    "matrix": row_matrix,
    "small": row_small,
    "hostile": row_hostile,
    "compressed": row_compressed,
    "nights": row_nights,
    "shards": row_shards,
    "cores": row_cores,
    "affinity": row_affinity,
}


# --- the six rules, as the peers say them ----------------------------------

TEXTS = ["id", "name", "owner_id", "security_contact_id", "ip_whitelist"]
FLAGS = ["force_2fa", "force_sso", "has_pci", "has_pci_passwords"]
TIMES = ["created_at", "updated_at", "deleted_at"]

# An entry wider than /16, or in IPv6 than /48; a wildcard counts as the network
# that covers it. All of IPv4 or IPv6 cannot be had without such an entry.
WIDE = (
    r"/(?:[0-9]|1[0-5])(?:,|$)"
    r"|:[^,/]*/(?:[123][0-9]|4[0-7])(?:,|$)"
    r"|(?:^|[ ,])(?:[0-9]+\.)?\*"
)


def duckdb_query(shape, file, out):
    types = {name: "VARCHAR" for name in TEXTS}
    types |= {name: "BOOLEAN" for name in FLAGS}
    types |= {name: "TIMESTAMP" for name in TIMES}
    if shape == "csv":
        with open(file, encoding="utf-8") as lines:
            header = next(lines).strip().split(",")
        columns = ", ".join(f"{name}: '{types.get(name, 'VARCHAR')}'" for name in header)
        read = (
            f"read_csv('{file}', auto_detect=false, header=true, delim=',', quote='\"', "
            f"escape='\"', columns={{{columns}}})"
        )
    else:
        columns = ", ".join(f"{name}: '{kind}'" for name, kind in types.items())
        layout = "newline_delimited" if shape == "ndjson" else "array"
        read = f"read_json('{file}', format='{layout}', columns={{{columns}}})"
    return (
        DUCKDB.replace("@threads@", THREADS)
        .replace("@read@", read)
        .replace("@wide@", WIDE)
        .replace("@out@", str(out))
    )


DUCKDB = r"""
SET threads = @threads@;
SET preserve_insertion_order = false;
COPY (
  WITH judged AS (
    SELECT id, name, ip_whitelist,
      NOT (coalesce(force_2fa, false) OR coalesce(force_sso, false)) AS mfa,
      coalesce(has_pci, false) AND NOT coalesce(has_pci_passwords, false) AS pci,
      coalesce(ip_whitelist, '') = '' AS unlisted,
      unlisted OR regexp_matches(ip_whitelist, '@wide@') AS wide,
      -- Every IPv4 address: the ranges joined in their order reach 2^32.
      CASE WHEN unlisted THEN true WHEN NOT wide THEN false ELSE
        regexp_matches(ip_whitelist, '(?:^|[ ,])::/0')
        OR 4294967296 = list_reduce(
          list_sort(list_transform(list_transform(
            list_filter(string_split(ip_whitelist, ','), lambda e: NOT contains(e, ':')),
            lambda e: {
              'address': list_reduce(
                list_transform(
                  string_split(replace(split_part(trim(e), '/', 1), '*', '0'), '.'),
                  lambda octet: octet::BIGINT),
                lambda sum, octet: sum * 256 + octet),
              'size': 1::BIGINT << CASE
                WHEN contains(e, '/') THEN 32 - split_part(trim(e), '/', 2)::BIGINT
                WHEN contains(e, '*') THEN 32 - 8 * (
                  length(split_part(e, '*', 1)) - length(replace(split_part(e, '*', 1), '.', '')))
                ELSE 0 END
            }),
            lambda r: {
              'first': r.address - r.address % r.size,
              'next': r.address - r.address % r.size + r.size
            })),
          lambda a, b: CASE WHEN b.first <= a.next
            THEN {'first': a.first, 'next': greatest(a.next, b.next)} ELSE a END,
          {'first': 0::BIGINT, 'next': 0::BIGINT}).next
      END AS open,
      coalesce(security_contact_id, '') = ''
        OR coalesce(security_contact_id = owner_id, true) AS contact,
      created_at < TIMESTAMP '2025-01-01'
        AND coalesce(updated_at <= TIMESTAMP '2024-01-02', true) AS review
    FROM @read@
    WHERE deleted_at IS NULL OR deleted_at = TIMESTAMP '1970-01-01'
  )
  SELECT 'six' AS policy, rule, 'fail' AS status, id AS customer_id, name AS customer_name
  FROM (
    SELECT id, name, unnest(list_filter([
        CASE WHEN mfa THEN 'mfa' END,
        CASE WHEN pci THEN 'pci-passwords' END,
        CASE WHEN open THEN 'open-allowlist' END,
        CASE WHEN wide THEN 'wide-allowlist' END,
        CASE WHEN contact THEN 'security-contact' END,
        CASE WHEN review THEN 'review' END
      ], lambda rule: rule IS NOT NULL)) AS rule
    FROM judged
    WHERE mfa OR pci OR wide OR contact OR review
  )
) TO '@out@' (HEADER);
"""

# Times are read as text and then parsed: as typed columns of JSON they take
# polars ten times as long.
POLARS = f"""
import sys

import polars as pl
from polars import col, lit, when

shape, source, target = sys.argv[1:]
types = {{name: pl.String for name in {TEXTS + TIMES}}} | {{name: pl.Boolean for name in {FLAGS}}}
if shape == "ndjson":
    customers = pl.scan_ndjson(source, schema=types)
elif shape == "csv":
    customers = pl.scan_csv(source, infer_schema=False, schema_overrides=types)
else:
    customers = pl.read_json(source, schema=types).lazy()

time = lambda name: col(name).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
utc = lambda *date: pl.datetime(*date, time_zone="UTC")
unlisted = col("ip_whitelist").fill_null("") == ""
rules = {{
    "mfa": ~(col("force_2fa").fill_null(False) | col("force_sso").fill_null(False)),
    "pci-passwords": col("has_pci").fill_null(False) & ~col("has_pci_passwords").fill_null(False),
    "wide-allowlist": unlisted | col("ip_whitelist").str.contains(r"{WIDE}"),
    "security-contact": (col("security_contact_id").fill_null("") == "")
    | (col("security_contact_id") == col("owner_id")).fill_null(True),
    "review": (time("created_at") < utc(2025, 1, 1))
    & (time("updated_at") <= utc(2024, 1, 2)).fill_null(True),
}}
failing = (
    customers.filter(col("deleted_at").is_null() | (time("deleted_at") == utc(1970, 1, 1)))
    .select("id", "name", "ip_whitelist", **rules)
    .filter(pl.any_horizontal(list(rules)))
    .collect(engine="streaming")
    .with_row_index("n")
    .lazy()
)

# Every IPv4 address: no range begins behind what those before it reach, and they reach 2^32.
entry = col("entry")
entries = (
    failing.filter(col("wide-allowlist") & ~unlisted)
    .select("n", entry=col("ip_whitelist").str.split(","))
    .explode("entry")
    .with_columns(entry.str.strip_chars(" "))
)
octet = lambda place: col("octets").list.get(place)
parts = entries.filter(~entry.str.contains(":", literal=True)).select(
    "n",
    octets=entry.str.replace_all("*", "0", literal=True)
    .str.split("/")
    .list.first()
    .str.split(".")
    .cast(pl.List(pl.Int64)),
    bits=when(entry.str.contains("/", literal=True))
    .then(32 - entry.str.split("/").list.last().cast(pl.Int64, strict=False))
    .when(entry.str.contains("*", literal=True))
    .then(32 - 8 * entry.str.split("*").list.first().str.count_matches(".", literal=True))
    .otherwise(0),
)
ranges = (
    parts.select(
        "n",
        address=((octet(0) * 256 + octet(1)) * 256 + octet(2)) * 256 + octet(3),
        size=lit(2, dtype=pl.Int64).pow(col("bits")),
    )
    .select("n", "size", first=col("address") - col("address") % col("size"))
    .with_columns(next=col("first") + col("size"))
    .sort("n", "first")
    .with_columns(reach=col("next").cum_max().shift(1).over("n").fill_null(0))
)
all_v4 = (
    ranges.group_by("n")
    .agg(open=(col("first") <= col("reach")).all() & (col("next").max() == 2**32))
    .filter("open")
    .select("n")
)
all_v6 = entries.filter(entry == "::/0").select("n")
open_to_all = pl.concat([all_v4, all_v6, failing.filter(unlisted).select("n")]).unique()

(
    failing.join(
        open_to_all.with_columns(lit(True).alias("open-allowlist")),
        on="n",
        how="left",
        maintain_order="left",
    )
    .select(
        "id",
        "name",
        rule=pl.concat_list([when(col(rule)).then(lit(rule)) for rule in {RULES}]).list.drop_nulls(),
    )
    .explode("rule")
    .select(
        policy=lit("six"), rule="rule", status=lit("fail"), customer_id="id", customer_name="name"
    )
    .collect()
    .write_csv(target)
)
"""

JQ = (
    r"""
def entry:
  (split("/")) as $parts
  | ($parts[0] | split(".")) as $octets
  | ($octets | map(if . == "*" then 0 else tonumber end)
      | reduce .[] as $octet (0; . * 256 + $octet)) as $address
  | (if $parts[1] then $parts[1] | tonumber else 8 * ($octets | index("*") // 4) end) as $prefix
  | pow(2; 32 - $prefix) as $size
  | ($address / $size | floor * $size)
  | [., . + $size];
def everyone:
  split(",") | map(gsub(" "; ""))
  | any(. == "::/0")
    or (map(select(contains(":") | not) | entry) | sort
      | reduce .[] as $range (0; if $range[0] <= . then [., $range[1]] | max else . end)
      | . == 4294967296);
def rules:
  (.ip_whitelist // "") as $list
  | ($list == "" or ($list | test("@wide@"))) as $wide
  | (if (.force_2fa or .force_sso) then empty else "mfa" end),
    (if .has_pci and (.has_pci_passwords | not) then "pci-passwords" else empty end),
    (if $list == "" or ($wide and ($list | everyone)) then "open-allowlist" else empty end),
    (if $wide then "wide-allowlist" else empty end),
    (if (.security_contact_id // "") == "" or .security_contact_id == .owner_id
      then "security-contact" else empty end),
    (if .created_at < "2025-01-01T00:00:00Z" and (.updated_at // "") <= "2024-01-02T00:00:00Z"
      then "review" else empty end);
foreach (null, inputs) as $customer (null; $customer;
  if . == null then ["policy", "rule", "status", "customer_id", "customer_name"]
  elif .deleted_at == null or .deleted_at == "1970-01-01T00:00:00Z" then
    . as $customer | rules as $rule | ["six", $rule, "fail", $customer.id, $customer.name]
  else empty end)
| @csv
"""
).replace("@wide@", WIDE.replace("\\", "\\\\"))


# --- words -----------------------------------------------------------------


def seconds(value):
    return f"{value * 1000:.1f} ms" if value < 0.1 else f"{value:.2f} s"


def megabytes(size):
    return f"{size / 1e6:.0f} MB"


def yes(met):
    return "yes" if met else "**no**"


def count(bench):
    return f"{bench.options.customers:,} customers"


def first_line(command):
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.strip().splitlines()[0] if said.strip() else None


def machine():
    model = "unknown processor"
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, {megabytes(memory)} of memory, {platform.system()} {platform.release()}"


def versions(bench):
    """What was compared: peers that no row asked for are not told."""
    known = [first_line([bench.audit_program, "--version"]), first_line(["rustc", "--version"])]
    if (bench.venv / "installed-duckdb-cli").exists():
        known.append(f"DuckDB {first_line([bench.duckdb(), '--version'])}")
    for name in ["duckdb", "polars"]:
        if (bench.venv / f"installed-{name}").exists():
            script = f"import {name}; print({name}.__version__)"
            known.append(f"{name} {first_line([bench.python(), '-c', script])} (Python module)")
    if shutil.which("jq"):
        known.append(first_line(["jq", "--version"]))
    return ", ".join(one for one in known if one)


def table(rows):
    head = ["what", "audit", "against", "ratio", "goal", "met", "peak memory"]
    lines = [head, ["---"] * len(head), *(row.cells for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=ROWS, metavar="ROW",
                        help=f"this row alone; can be repeated: {', '.join(ROWS)}")
    parser.add_argument("--customers", type=int, default=1_000_000, metavar="N",
                        help="size of the exports (default 1,000,000)")
    parser.add_argument("--pairs", type=int, default=5, metavar="N",
                        help="how many times each pair is run (default 5)")
    parser.add_argument("--threads", type=int, default=2, metavar="N",
                        help="threads of audit and of its peers (default 2)")
    parser.add_argument("--full", action="store_true",
                        help="ten times the customers too, for memory and scaling (9 GB of disk)")
    parser.add_argument("--audit", type=Path, metavar="FILE",
                        help="time this program instead of building one")
    parser.add_argument("--generate", type=Path, metavar="FILE",
                        help="use this generator instead of building one")
    return parser.parse_args()


def main():
    global THREADS
    chosen = options()
    THREADS = str(chosen.threads)
    load = os.getloadavg()[0]
    if load > 0.3:
        say(f"the machine is busy (load {load:.1f}): the figures will be noisy")
    bench = Bench(chosen)
    floor = run([shutil.which("true")]).peak
    rows, skipped = [], []
    for name in chosen.only or ROWS:
        say(f"row {name}")
        try:
            for row in ROWS[name](bench):
                say(" | ".join(row.cells))
                rows.append(row)
        except Skip as why:
            skipped.append(f"{name}: {why}")
    now = datetime.datetime.now(datetime.timezone.utc)
    print(table(rows))
    print()
    print(f"{now:%Y-%m-%d}, {machine()}; {versions(bench)}.")
    print(
        f"Medians of {chosen.pairs} pairs (one record: at least 21), in brackets the least and greatest of a pair; "
        f"{THREADS} threads; load before the start {load:.1f}; "
        f"memory under {megabytes(floor)} cannot be seen."
    )
    for line in skipped:
        print(f"Left out, {line}.")


if __name__ == "__main__":
    main()
