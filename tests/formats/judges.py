"""Judges a report of each format: by validators that others wrote, and by what
they cannot see. A judge gives what is wrong, in words; nothing, if all is well."""

import base64
import collections
import csv
import datetime
import functools
import hashlib
import io
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import traceback
import zipfile
from pathlib import Path

import cmarkgfm
import duckdb
import html5lib
import jsonschema
import junitparser
import openpyxl
import xmlschema
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt
from openpyxl.utils.escape import unescape
from ocsf_json_schema import (
    OcsfJsonSchemaEmbedded,
    get_ocsf_schema,
    get_packaged_versions,
)
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from trestle.core.validator_factory import validator_factory
from trestle.oscal.assessment_results import AssessmentResults

from texts import canon, clean, defused, squeezed

FINGERPRINT = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")

# The most findings of reports that have a bound.
MOST_SARIF = 5_000
MOST_HTML = 10_000
MOST_TEXT = 20
# Reports for one look show the beginning of a value, of 120 characters.
SHORT = 215
MOST_MARKDOWN = 65_000


class Tools:
    """Where what is installed stands."""

    def __init__(self, audit):
        self.audit = audit
        # The interpreter is that of the environment which `run` made beside them.
        root = Path(sys.prefix).parent
        self.work = root / "work"
        self.node = root / "node_modules"
        self.multitool = self.node / "@microsoft/sarif-multitool-linux/Sarif.Multitool"
        self.sarif_schema = self.node / "@microsoft/sarif-multitool-linux/sarif-2.1.0.json"
        self.vnu = self.node / "vnu-jar/build/dist/vnu.jar"
        self.html_validate = self.node / "html-validate/bin/html-validate.mjs"
        self.junit_schema = root / "junit-10.xsd"
        self.check_jsonschema = Path(sys.executable).parent / "check-jsonschema"
        self.work.mkdir(parents=True, exist_ok=True)
        self.report_schema = self.work / "report.schema.json"
        schema = subprocess.run([audit, "schema", "report"], check=True, stdout=subprocess.PIPE)
        self.report_schema.write_bytes(schema.stdout)


class Truth:
    """What the JSON report tells: every other must tell the same."""

    def __init__(self, report):
        self.report = report
        self.findings = report["findings"]
        self.summary = report["summary"]
        self.complete = self.summary["complete"]
        self.because = [gap["text"] for gap in self.summary["incomplete_because"]]
        self.rules = [(policy["id"], rule) for policy in report["policies"] for rule in policy["rules"]]

    def by_rule(self):
        return {(rule["policy"], rule["rule"]): rule for rule in self.summary["by_rule"]}


class Entry:
    """A finding as a report tells it."""

    def __init__(self, texts, status=None, severity=None, fingerprint=None):
        self.texts = [text for text in texts if text is not None]
        self.status = status
        self.severity = severity
        self.fingerprint = fingerprint


def strings(value):
    """Every string in a JSON value."""
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from strings(item)
        case list():
            for item in value:
                yield from strings(item)


def parts(finding):
    """What must be told of a finding, whole."""
    yield "policy", finding["policy"]
    yield "rule", finding["rule"]
    if finding["customer_id"] is not None:
        yield "customer_id", finding["customer_id"]
    if finding["customer_name"] is not None:
        yield "customer_name", finding["customer_name"]
    for item in finding["evidence"]:
        yield "field", item["field"]
        yield "observed", item["observed"]
        yield "expected", item["expected"]


def shown(text):
    """A text in a message: harmless to whom reads the log, and short."""
    text = ascii(text)
    return text if len(text) <= 100 else f"{text[:60]}...{text[-30:]}"


def compare(truth, entries, spell=canon, parts=parts, most=None, cell=None):
    """Whether these are the findings, one for one. A text may be shortened only
    to the most characters that a cell holds."""
    wanted = len(truth.findings)
    if most is not None and wanted > most:
        if len(entries) > most:
            yield f"{len(entries)} findings, where there must be at most {most}"
        return
    if len(entries) != wanted:
        yield f"{len(entries)} findings, where json has {wanted}"
    waiting = collections.defaultdict(list)
    for entry in entries:
        blob = "\n".join(spell(text) for text in entry.texts)
        waiting[entry.fingerprint].append((entry, blob))

    def lacks(finding, entry, blob):
        for name, text in parts(finding):
            text = spell(text)
            if text not in blob and not (cell and len(text) > cell - 100 and text[: cell - 100] in blob):
                return f"{name} {shown(text)}"
        if entry.status is not None and entry.status != finding["status"]:
            return f"status {finding['status']}, but {entry.status}"
        if entry.severity is not None and entry.severity != finding["severity"]:
            return f"severity {finding['severity']}, but {entry.severity}"
        return None

    told = 0
    for finding in truth.findings:
        known = waiting.get(finding["fingerprint"])
        candidates = waiting[None] if known is None else known
        whom = f"{finding['policy']}/{finding['rule']} of {shown(finding['customer_id'])}"
        lacking = None
        for place, (entry, blob) in enumerate(candidates):
            lack = lacks(finding, entry, blob)
            if lack is None:
                # One that is told only in another's words must not be lost.
                if known is not None:
                    candidates.pop(place)
                break
            lacking = lacking or lack
        else:
            told += 1
            if told <= 5:
                yield f"{whom} is not told whole: {lacking or 'not there'}"
    if told > 5:
        yield f"... and {told - 5} more"


def says_unsure(truth, entries):
    """A format without a place for it tells in one finding more that the audit is not complete."""
    wanted = 0 if truth.summary["complete"] else 1
    if len(entries) != wanted:
        yield f"{len(entries)} findings say that the audit is not complete, and not {wanted}"
    told = "\n".join(canon(text) for entry in entries for text in entry.texts)
    for because in truth.because:
        if canon(because) not in told:
            yield f"it does not say why it is not complete: {because}"


def run(*command, env=None):
    command = [str(word) for word in command]
    environment = {**os.environ, **(env or {})}
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", env=environment, timeout=300
    )


def fails(ended, what):
    """The words of a validator that refused."""
    if ended.returncode != 0:
        said = (ended.stdout + ended.stderr).strip().splitlines()
        yield f"{what}: " + "; ".join(line.strip() for line in said[:12])


def by_schema(tools, schema, path):
    return fails(run(tools.check_jsonschema, "--schemafile", schema, path), "check-jsonschema")


def plain_utf8(path, but=""):
    """The text of a report in which nothing steers a terminal."""
    text = path.read_bytes().decode("utf-8")
    odd = {c for c in text if c not in but and clean(c) != c}
    return text, [f"characters that steer: {sorted(map(ascii, odd))}"] if odd else []


# --- text -------------------------------------------------------------------


def judge_text(path, truth, tools):
    text, problems = plain_utf8(path, but="\n")
    yield from problems
    first = text.splitlines()[0]
    summary = truth.summary
    findings = summary["fail"] + summary["error"]
    word = first.split("  ")[0]
    if not truth.complete and word not in ("INCOMPLETE", "NOTHING JUDGED"):
        yield f"the verdict is {word!r}, but the audit is not complete"
    told = [(findings, "findings?")] if findings else []
    told += [
        (summary["records"], "records?"),
        (summary["in_scope"], "in scope"),
        (summary["rejected"], "rejected"),
    ]
    for number, things in told:
        if not re.search(rf"(?<![\d,]){number:,} {things}", first):
            yield f"the verdict does not tell {number:,} {things}: {first}"
    for because in truth.because:
        if clean(because) not in text:
            yield f"it does not say why it is not complete: {because}"
    # Findings come by record or by severity, so that which are shown is not asked.
    if 0 < findings <= MOST_TEXT:
        blob = squeezed(canon(text))
        for finding in truth.findings:
            for name, part in text_parts(finding):
                if squeezed(canon(part)) not in blob:
                    yield f"{name} {shown(part)} is not told"


def text_parts(finding):
    yield "rule", f"{finding['policy']}/{finding['rule']}"
    if finding["customer_id"] is not None:
        yield "customer_id", finding["customer_id"]
    for item in finding["evidence"]:
        yield "observed", item["observed"][:60]


# --- csv --------------------------------------------------------------------

COLUMNS = (
    "policy,rule,severity,status,reason,customer_id,customer_name,field,expected,observed,"
    "title,remediation,references,fingerprint,export,record"
).split(",")


def strict_csv(path, columns):
    """The problems of a file of these columns, and its rows."""
    _, problems = plain_utf8(path, but="\r\n")
    problems = list(problems)
    data = path.read_bytes()
    if not data.endswith(b"\r\n") or re.search(rb"(?<!\r)\n", data):
        problems.append("lines do not all end with CR LF")
    header = next(csv.reader(io.StringIO(data.decode(), newline="")))
    if header != columns:
        return [*problems, f"the header is {header}"], []
    # The reader names a row that is short or long; it guesses nothing.
    query = """select * from read_csv(?, strict_mode=true, auto_detect=false, header=true,
        delim=',', quote='"', escape='"', max_line_size=16000000,
        ignore_errors=false, null_padding=false, columns={columns})"""
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)
    try:
        rows = duckdb.connect().execute(query.replace("{columns}", f"{{{columns}}}"), [str(path)]).fetchall()
    except duckdb.Error as error:
        return [*problems, "duckdb: " + " ".join(str(error).split())[:500]], []
    return problems, [[cell or "" for cell in row] for row in rows]


def judge_csv(path, truth, tools):
    problems, rows = strict_csv(path, COLUMNS)
    yield from problems
    rules = {(policy, rule["id"]): rule for policy, rule in truth.rules}
    if len(rows) != len(truth.findings):
        yield f"{len(rows)} rows, where json has {len(truth.findings)} findings"
    told = 0
    for number, (row, finding) in enumerate(zip(rows, truth.findings), 1):
        for name, cell, wanted in zip(
            COLUMNS, row, cells(finding, rules[finding["policy"], finding["rule"]])
        ):
            if cell != defused(wanted) and told < 5:
                told += 1
                yield f"row {number}, {name}: {shown(cell)}, where json has {shown(wanted)}"


def cells(finding, rule):
    joined = lambda part: "; ".join(item[part] for item in finding["evidence"])
    or_blank = lambda value: "" if value is None else str(value)
    return [
        finding["policy"],
        finding["rule"],
        finding["severity"],
        finding["status"],
        finding["reason"],
        or_blank(finding["customer_id"]),
        or_blank(finding["customer_name"]),
        joined("field"),
        joined("expected"),
        joined("observed"),
        rule["title"],
        rule["remediation"],
        "; ".join(rule["references"]),
        finding["fingerprint"],
        or_blank(finding["export"]),
        or_blank(finding["record"]),
    ]


# --- controls, matrix -------------------------------------------------------

OF_CONTROL = (
    "framework,requirement,status,rules,records,pass,fail,error,waived,not_applicable,most_severe,evidenced_by"
).split(",")


def judge_controls(path, truth, tools):
    problems, rows = strict_csv(path, OF_CONTROL)
    yield from problems
    if len(rows) != len(truth.report["controls"]):
        yield f"{len(rows)} rows, where json has {len(truth.report['controls'])} controls"
    for number, (row, control) in enumerate(zip(rows, truth.report["controls"]), 1):
        for name, cell in zip(OF_CONTROL, row):
            wanted = control.get(name)
            match name:
                case "rules":
                    cell = [rule.partition(" ")[0] for rule in cell.split("; ")] if cell else []
                    wanted = [f"{rule['policy']}/{rule['rule']}" for rule in wanted]
                case "evidenced_by":
                    wanted = "; ".join(wanted or [])
                case _:
                    wanted = "" if wanted is None else str(wanted)
            if cell != wanted:
                yield f"row {number}, {name}: {shown(cell)}, where json has {shown(wanted)}"


LETTERS = {"P": "pass", "F": "fail", "E": "error", "N": "not_applicable", "W": "waived"}


def judge_matrix(path, truth, tools):
    rules = []
    for policy in truth.report["policies"]:
        for rule in [*policy["rules"], *policy.get("not_tested", [])]:
            rules.append(f"{policy['id']}/{rule['id']}")
    problems, rows = strict_csv(path, ["customer_id", "export", "record", *rules])
    yield from problems
    of_records = [(export, number) for _, export, number, *_ in rows if number]
    if len(set(of_records)) != truth.summary["records"] or len(set(of_records)) != len(of_records):
        yield f"{len(of_records)} rows of records, where json counts {truth.summary['records']}"
    counted = truth.by_rule()
    for index, name in enumerate(rules):
        letters = collections.Counter(row[3 + index] for row in rows)
        if odd := set(letters) - {*LETTERS, ""}:
            yield f"{name}: the letters {sorted(odd)}"
        policy, _, rule = name.partition("/")
        wanted = counted.get((policy, rule), {})
        for letter, outcome in LETTERS.items():
            if letters[letter] != wanted.get(outcome, 0):
                yield f"{name}: {letters[letter]} {letter}, where json counts {wanted.get(outcome, 0)}"
    for finding in truth.findings:
        if finding["record"] is None:
            continue
        row = rows[of_records.index((defused(finding["export"]), str(finding["record"])))]
        letter = row[3 + rules.index(f"{finding['policy']}/{finding['rule']}")]
        if LETTERS.get(letter) != finding["status"]:
            yield f"record {finding['record']}: {letter!r} for a finding that is {finding['status']}"
        if row[0] != defused(finding["customer_id"] or ""):
            yield f"record {finding['record']} is of {shown(row[0])}, where json has another customer"


# --- json, ndjson -----------------------------------------------------------


def unique_keys(pairs):
    keys = dict(pairs)
    if len(keys) != len(pairs):
        raise ValueError(f"a key stands twice: {[key for key, _ in pairs]}")
    return keys


def judge_json(path, truth, tools):
    _, problems = plain_utf8(path, but="\n")
    yield from problems
    yield from by_schema(tools, tools.report_schema, path)
    report = json.loads(path.read_bytes(), object_pairs_hook=unique_keys)
    if report != truth.report:
        yield "it is not what the other reports are compared with"
    counts = collections.Counter((f["policy"], f["rule"], f["status"]) for f in report["findings"])
    for (policy, rule), counted in truth.by_rule().items():
        for status in ["fail", "error", "waived"]:
            if counts[policy, rule, status] != counted[status]:
                yield f"{policy}/{rule}: {counts[policy, rule, status]} {status}, but the summary counts {counted[status]}"
    if len(report["rejected"]) != report["summary"]["rejected"]:
        yield f"{len(report['rejected'])} rejected, but the summary counts {report['summary']['rejected']}"


def judge_ndjson(path, truth, tools):
    text, problems = plain_utf8(path, but="\n")
    yield from problems
    if not text.endswith("\n"):
        yield "the last line has no end"
    *findings, last = [
        json.loads(line, object_pairs_hook=unique_keys) for line in text.removesuffix("\n").split("\n")
    ]
    if set(last) != {"summary", "report"}:
        yield f"the last line has the keys {sorted(last)}"
        return
    whole = {**last["report"], "findings": findings, "summary": last["summary"]}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(whole, file)
        file.flush()
        yield from by_schema(tools, tools.report_schema, file.name)
    if whole != truth.report:
        yield "it does not tell what json tells"


# --- markdown ---------------------------------------------------------------

MARKDOWN_ELEMENTS = set(
    "h1 h2 h3 h4 p ul ol li code pre strong em del table thead tbody tr th td hr br div".split()
)
MARKDOWN_HTML = re.compile(r"\s*(</?details>|<summary>[^<>]*</summary>|</summary>|</?summary>)\s*")
MENTION = re.compile(r"(?<![\w@/`])@[A-Za-z0-9]")


def judge_markdown(path, truth, tools):
    text, problems = plain_utf8(path, but="\n")
    yield from problems
    if len(text) > MOST_MARKDOWN:
        yield f"{len(text)} characters, where a ticket takes {MOST_MARKDOWN}"
    source = text.split("\n")

    # A link leads to where the policy's author said, and to nothing that a customer wrote.
    addresses = set(re.findall(r"https?://[^\s<>]*[\w/]", " ".join(strings(truth.report["policies"]))))
    tables = []
    heading = None
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": True})
    tokens = parser.parse(text)
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = tokens[place + 1].content
        if token.type == "table_open":
            tables.append((heading, []))
        if token.type == "tr_open":
            tables[-1][1].append([])
        if token.type in ("td_open", "th_open"):
            tables[-1][1][-1].append("".join(child.content for child in tokens[place + 1].children or []))
        for child in [token, *(token.children or [])]:
            if child.type == "image" or child.type == "link_open" and child.attrs["href"] not in addresses:
                yield f"a {child.type} {shown(child.attrs)} in line {token.map}"
            if child.type in ("html_block", "html_inline") and not MARKDOWN_HTML.fullmatch(child.content):
                yield f"markup: {shown(child.content)}"
        if token.type == "table_close":
            first, end = next((t.map for t in reversed(tokens[: place + 1]) if t.type == "table_open"))
            # Parsers pad and cut rows, so bars are counted as they stand. To them
            # any backslash before a bar escapes it.
            for row in source[first:end]:
                bars = len(re.findall(r"(?<!\\)\|", row))
                if bars != len(tables[-1][1][0]) + 1:
                    yield f"a row with {bars} bars under {heading!r}: {shown(row)}"

    # What tickets render with, and what becomes of it: mentions are looked for
    # in the text of the page, where no entity hides them.
    options = Options.CMARK_OPT_UNSAFE
    page = html5lib.parse(
        cmarkgfm.github_flavored_markdown_to_html(text, options), namespaceHTMLElements=False
    )
    for element in page.find("body").iter():
        if element.tag == "a" and element.get("href") in addresses:
            continue
        if element.tag not in MARKDOWN_ELEMENTS | {"body", "details", "summary"}:
            yield f"an element {element.tag}: {shown(''.join(element.itertext()))}"
    for element, words in text_nodes(page.find("body")):
        if element not in ("code", "pre") and (found := MENTION.search(words)):
            yield f"a mention: {shown(words[max(0, found.start() - 20) :][:60])}"

    for because in truth.because:
        if squeezed(clean(because)) not in squeezed("".join(page.itertext())):
            yield f"it does not say why it is not complete: {because}"

    rows = [row for heading, table in tables if heading and "indings" in heading for row in table[1:]]
    # A row is a fact, which several rules can ask for: each has its name in the last cell.
    entries = [Entry(row, fingerprint=name) for row in rows for name in row[-1].split(", ")]
    left = re.search(r"([\d,]+) more findings?: ", squeezed("".join(page.itertext())))
    left = int(left[1].replace(",", "")) if left else 0
    if len(entries) + left != len(truth.findings):
        yield f"{len(entries)} findings and {left} more, where json has {len(truth.findings)}"
    if left == 0:
        spell = lambda part: squeezed(canon(part))
        yield from compare(truth, entries, spell=spell, parts=markdown_parts, cell=SHORT)


def markdown_parts(finding):
    yield "rule", f"{finding['policy']}/{finding['rule']}"
    for name in ["customer_id", "customer_name"]:
        if finding[name] is not None:
            yield name, finding[name][:120]
    for item in finding["evidence"]:
        yield "observed", item["observed"][:120]
        yield "expected", item["expected"][:120]


def text_nodes(element):
    """Texts with the element that they stand in."""
    if element.text:
        yield element.tag, element.text
    for child in element:
        yield from text_nodes(child)
        if child.tail:
            yield element.tag, child.tail


# --- html -------------------------------------------------------------------

FORBIDDEN = set(
    "iframe object embed applet form base frame frameset template portal".split()
)


def judge_html(path, truth, tools):
    text, problems = plain_utf8(path, but="\n")
    yield from problems
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, ".htmlvalidate.json")
        config.write_text(json.dumps({"root": True, "extends": ["html-validate:recommended"]}))
        yield from fails(
            run("node", tools.html_validate, "--config", config, "--formatter", "text", path), "html-validate"
        )
    ended = run("java", "-Xss4m", "-jar", tools.vnu, "--format", "json", path)
    try:
        messages = json.loads(ended.stderr or ended.stdout)["messages"]
    except ValueError:
        yield f"vnu: {ended.stdout} {ended.stderr}"
        return
    bad = [
        m
        for m in messages
        if (m["type"] in ("error", "non-document-error") or m.get("subType") == "warning")
        # It does not know digests in a policy; the browser does, and ours are compared below.
        and "violates Content Security Policy" not in m["message"]
        # Nor is a customer's name ours to compose.
        and "not in Unicode Normalization Form C" not in m["message"]
    ]
    for message in bad[:5]:
        yield f"vnu, line {message.get('lastLine')}: {shown(message['message'])} at {shown(message.get('extract', ''))}"
    if len(bad) > 5:
        yield f"vnu: ... and {len(bad) - 5} more"

    page = html5lib.parse(text, namespaceHTMLElements=False)
    for element in page.iter():
        if not isinstance(element.tag, str):
            continue
        tag = element.tag.rpartition("}")[2]
        if tag in FORBIDDEN:
            yield f"an element {tag}"
        for name, value in element.attrib.items():
            if str(name).lower().startswith("on"):
                yield f"an attribute {name} of {tag}"
            if str(name).rpartition("}")[2] in (
                "href",
                "src",
                "action",
                "srcset",
                "formaction",
                "data",
                "poster",
                "background",
            ):
                if not value.startswith(("#", "data:")):
                    yield f"{tag} leads to {shown(value)}"
            if name == "style" and re.search(r"url\s*\(|expression|@import", value, re.I):
                yield f"a style of {tag} that loads"
        if tag == "style" and re.search(r"url\s*\(\s*(?!['\"]?data:)|@import", element.text or "", re.I):
            yield "a style sheet that loads"
        if tag == "meta" and element.get("http-equiv", "").lower() == "refresh":
            yield "a page that goes elsewhere"
    policies = [
        m.get("content", "")
        for m in page.iter("meta")
        if m.get("http-equiv", "").lower() == "content-security-policy"
    ]
    if len(policies) != 1 or not policies[0].startswith("default-src 'none'; "):
        yield f"no content security policy that forbids all: {policies}"
    else:
        yield from inline_digests(text, policies[0])
    whole = squeezed(canon("".join(page.itertext())))
    for because in truth.because:
        if squeezed(canon(because)) not in whole:
            yield f"it does not say why it is not complete: {because}"

    entries = []
    for table in page.iter("table"):
        head = " ".join("".join(cell.itertext()) for cell in table.iter("th")).lower()
        if "customer" in head and "rule" in head:
            for row in table.iter("tr"):
                # A heading of a row is a cell of it.
                if list(row.iter("td")):
                    entries.append(
                        Entry(["".join(cell.itertext()) for cell in row if cell.tag in ("td", "th")])
                    )
    spell = lambda part: squeezed(canon(part))
    yield from compare(truth, entries, spell=spell, parts=html_parts, most=MOST_HTML)


def inline_digests(text, policy):
    """The one script and the one style are those that the policy names, and it names no more."""
    wanted = {"base-uri 'none'", "form-action 'none'", "img-src data:", "default-src 'none'"}
    for tag, name in (("script", "script-src"), ("style", "style-src")):
        inline = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.S)
        if len(inline) != 1 or len(re.findall(f"<{tag}[ >]", text)) != 1:
            yield f"not one {tag}"
        for content in inline:
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            wanted.add(f"{name} 'sha256-{digest}'")
    if set(policy.split("; ")) != wanted:
        yield f"the policy says otherwise: {policy}"


def html_parts(finding):
    # Sections may stand for the policy.
    return (part for part in parts(finding) if part[0] != "policy")


# --- sarif ------------------------------------------------------------------


def judge_sarif(path, truth, tools):
    _, problems = plain_utf8(path, but="\n")
    yield from problems
    # The multitool passes over words that the schema does not know.
    yield from by_schema(tools, tools.sarif_schema, path)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log.sarif")
        # Its exit code is 0 whatever it finds, so its log is read.
        command = [
            tools.multitool,
            "validate",
            path,
            "--rule-kind",
            "Sarif;Ghas",
            "--level",
            "Error",
            "-o",
            log,
            "--quiet",
        ]
        ended = run(*command, env={"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"})
        if not log.exists():
            yield f"sarif-multitool wrote no log: {ended.stdout} {ended.stderr}"
        else:
            yield from multitool_errors(json.loads(log.read_text("utf-8-sig")))
    sarif = json.loads(path.read_bytes(), object_pairs_hook=unique_keys)
    if sarif.get("version") != "2.1.0":
        yield f"version {sarif.get('version')}"
    results = []
    for run_ in sarif["runs"]:
        rules = run_["tool"]["driver"].get("rules", [])
        yield from sarif_limits(run_, rules)
        for result in run_.get("results", []):
            if result.get("kind", "fail") in ("pass", "notApplicable", "informational"):
                continue
            results.append(sarif_entry(result, rules))
        yield from sarif_ends(run_, truth)
    yield from compare(truth, results, most=MOST_SARIF, cell=SHORT)


def multitool_errors(log):
    problems = []
    for run_ in log["runs"]:
        for result in run_.get("results") or []:
            if result.get("level", "warning") == "error":
                message = result["message"]
                problems.append(
                    f"{result['ruleId']} {message.get('id')} {message.get('arguments') or message.get('text')}"
                )
        for invocation in run_.get("invocations") or []:
            for kind in ("toolExecutionNotifications", "toolConfigurationNotifications"):
                for note in invocation.get(kind) or []:
                    if note.get("level") == "error":
                        problems.append(f"it could not judge: {note['message'].get('text')}")
    return [
        f"sarif-multitool: {shown(problem) if len(problem) > 300 else problem}" for problem in problems[:8]
    ]


def sarif_limits(run_, rules):
    """What code scanning takes."""
    for rule in rules:
        for name, most in [("name", 255), ("shortDescription", 1024), ("fullDescription", 1024)]:
            value = rule.get(name)
            value = value.get("text") if isinstance(value, dict) else value
            if value is not None and not 0 < len(value) <= most:
                yield f"{name} of {rule['id']} has {len(value)} characters"
        properties = rule.get("properties", {})
        if len(properties.get("tags", [])) > 20:
            yield f"{rule['id']} has more than 20 tags"
        if "security-severity" in properties:
            score = properties["security-severity"]
            if not isinstance(score, str) or not re.fullmatch(r"\d{1,2}\.\d", score) or float(score) > 10:
                yield f"security-severity of {rule['id']} is {score!r}"
    for result in run_.get("results", []):
        place = result.get("ruleIndex", -1)
        if place >= 0 and rules[place]["id"] != result.get("ruleId"):
            yield f"a result of {result.get('ruleId')} points at the rule {rules[place]['id']}"
        if not result.get("partialFingerprints", {}).get("primaryLocationLineHash"):
            yield "a result without primaryLocationLineHash"
            break
        places = [location["physicalLocation"] for location in result.get("locations", [])]
        uris = [place["artifactLocation"].get("uri", "") for place in places]
        if len(uris) != 1 or not uris[0]:
            yield f"a result with {len(uris)} places"
            break


def sarif_entry(result, rules):
    texts = list(strings(result))
    # In a message braces are doubled, and brackets stand after a backslash.
    message = result["message"].get("text", "")
    plain = re.sub(r"\\([\[\]\\])", r"\1", message)
    texts += [plain, re.sub(r"([{}])\1", r"\1", plain), re.sub(r"([{}])\1", r"\1", message)]
    kind = result.get("kind", "fail")
    status = result.get("properties", {}).get("status")
    if status is None:
        status = {"fail": "fail", "review": "error", "open": "error"}.get(kind)
    if any(s.get("status", "accepted") == "accepted" for s in result.get("suppressions", [])):
        status = "waived"
    values = result.get("partialFingerprints", {}).values()
    fingerprint = next((found[0] for value in values if (found := FINGERPRINT.search(value))), None)
    return Entry(texts, status=status, fingerprint=fingerprint)


def sarif_ends(run_, truth):
    invocations = run_.get("invocations", [])
    if not invocations:
        yield "no invocation"
    for invocation in invocations:
        if invocation["executionSuccessful"] != truth.complete:
            yield f"executionSuccessful is {invocation['executionSuccessful']}, but complete is {truth.complete}"
        notes = " ".join(strings(invocation))
        for because in truth.because:
            if because not in notes:
                yield f"no notification says: {because}"


# --- junit ------------------------------------------------------------------


def judge_junit(path, truth, tools):
    _, problems = plain_utf8(path, but="\n")
    yield from problems
    if re.search(rb"<!DOCTYPE|<!ENTITY", path.read_bytes()):
        yield "a document type"
    schema = xmlschema.XMLSchema(str(tools.junit_schema))
    try:
        errors = list(schema.iter_errors(str(path)))
        whole = junitparser.JUnitXml.fromfile(str(path))
    except Exception as error:  # whatever a parser raises, the file is not well-formed
        yield f"not well-formed: {type(error).__name__} {error}"
        return
    yield from (f"xmlschema: {shown(error.path)} {shown(error.reason)}" for error in errors[:5])
    if not isinstance(whole, junitparser.JUnitXml):
        yield "the root is not testsuites"
        return
    outcomes = collections.Counter()
    names = collections.Counter()
    texts = collections.defaultdict(list)
    for suite in whole:
        counted = collections.Counter()
        for case in suite:
            kinds = {type(result).__name__.lower() for result in case.result}
            kind = next((k for k in ("error", "failure", "skipped") if k in kinds), "passed")
            counted[kind] += 1
            outcomes[kind] += 1
            names[case.classname, case.name] += 1
            texts[kind] += [case.classname or "", case.name or ""]
            for result in case.result:
                texts[kind] += [result.message or "", result.text or ""]
        for name, wanted in [
            ("tests", sum(counted.values())),
            ("failures", counted["failure"]),
            ("errors", counted["error"]),
        ]:
            if getattr(suite, name) != wanted:
                yield f"{name} of {shown(suite.name)} is {getattr(suite, name)}, but there are {wanted}"
    if any(number > 1 for number in names.values()):
        yield f"cases of one name, of which readers keep one: {[shown(n) for n, number in names.items() if number > 1][:3]}"
    if not truth.complete and not outcomes["error"] + outcomes["failure"]:
        yield "all is green, but the audit is not complete"
    if truth.complete and not truth.findings and outcomes["error"] + outcomes["failure"]:
        yield "something is red, but the audit is clean"

    # A case is a rule, unless findings are asked for one by one.
    blobs = {kind: "\n".join(canon(text) for text in told) for kind, told in texts.items()}
    red = blobs.get("failure", "") + "\n" + blobs.get("error", "")
    for (policy, rule), counted in truth.by_rule().items():
        findings = counted["fail"] + counted["error"]
        cases = [(c, n) for c, n in names if canon(rule) in f"{c} {n}" and canon(policy) in f"{c} {n}"]
        if not cases:
            yield f"no case for {policy}/{rule}"
        if findings and canon(rule) not in red:
            yield f"{policy}/{rule} has {findings} findings, but no red case"
    told = 0
    for finding in truth.findings:
        name = finding["customer_id"]
        if name is not None and canon(name[: SHORT - 100]) not in red:
            told += 1
    # A rule that fails for very many need not name all.
    if told and len(truth.findings) <= 1_000:
        yield f"{told} findings whose customer no red case names"


# --- ocsf -------------------------------------------------------------------

CAPTIONS = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"}
OCSF_SEVERITY = {1: "info", 2: "low", 3: "medium", 4: "high", 5: "critical"}


@functools.cache
def ocsf_validator(version, profiles):
    # It forbids unknown keys, in objects too.
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version)).get_class_schema(
        "compliance_finding", list(profiles)
    )
    return jsonschema.Draft202012Validator(schema)


def judge_ocsf(path, truth, tools):
    text, problems = plain_utf8(path, but="\n")
    yield from problems
    if text and not text.endswith("\n"):
        yield "the last line has no end"
    versions = {str(version).removesuffix(".json").removeprefix("v") for version in get_packaged_versions()}
    entries, unsure = [], []
    told = 0
    uids = set()
    for number, line in enumerate(text.splitlines(), 1):
        event = json.loads(line, object_pairs_hook=unique_keys)
        problems = []
        version = event.get("metadata", {}).get("version")
        if version not in versions:
            problems.append(f"metadata.version {version!r} is not published")
        else:
            validator = ocsf_validator(version, tuple(event["metadata"].get("profiles", [])))
            for error in list(validator.iter_errors(event))[:3]:
                problems.append(f"schema: {error.json_path}: {shown(error.message)}")
        try:
            ComplianceFinding.model_validate(event)
        except ValueError as error:
            problems.append(f"py-ocsf-models: {' '.join(str(error).split())[:300]}")
        problems += ocsf_words(event, truth)
        told += bool(problems)
        if told <= 3:
            yield from (f"line {number}: {problem}" for problem in problems)
        status_id = event.get("compliance", {}).get("status_id")
        status = event.get("unmapped", {}).get("status")
        if status is None:
            status = {3: "fail", 2: "error", 0: "error", 99: "error"}.get(status_id)
        fingerprint = FINGERPRINT.search(event.get("finding_info", {}).get("uid", ""))
        severity = OCSF_SEVERITY.get(event.get("severity_id"))
        entry = Entry(strings(event), status, severity, fingerprint and fingerprint[0])
        if event.get("finding_info", {}).get("title") == "The audit is not complete":
            unsure.append(entry)
        else:
            entries.append(entry)
        uids.add(event.get("finding_info", {}).get("uid"))
    if len(uids) < len({finding["fingerprint"] for finding in truth.findings}):
        yield "finding_info.uid is the same for several findings"
    yield from says_unsure(truth, unsure)
    yield from compare(truth, entries, cell=SHORT)


def ocsf_words(event, truth):
    activity = event.get("activity_id")
    wanted = {"class_uid": 2003, "category_uid": 2, "type_uid": 200300 + (activity or 0)}
    for key, value in wanted.items():
        if event.get(key) != value:
            yield f"{key} is {event.get(key)!r}, not {value}"
    if activity not in (1, 2, 3):
        yield f"activity_id is {activity!r}"
    severity = event.get("severity_id")
    if event.get("severity") not in (None, CAPTIONS.get(severity)):
        yield f"severity {event.get('severity')!r} for the id {severity}"
    as_of = datetime.datetime.fromisoformat(truth.report["as_of"].replace("Z", "+00:00"))
    if event.get("time") != int(as_of.timestamp() * 1000):
        yield f"time is {event.get('time')!r}, not the instant of the audit in milliseconds"
    for resource in event.get("resources") or []:
        if not resource.get("uid") and not resource.get("name"):
            yield "a resource without uid and name"
    if event.get("compliance", {}).get("status_id") not in (1, 2, 3, 0, 99):
        yield "compliance has no status_id"


# --- oscal ------------------------------------------------------------------


# Reasons for which an audit is not complete although its exports were read whole.
OF_WHOLE_EXPORTS = {"none-in-scope", "nothing-judged", "field-missing", "shrunk", "stale", "undecided"}


def judged(counted):
    return sum(counted[key] for key in ("pass", "fail", "error", "waived"))


def oscal_controls(results, truth):
    """A finding a control that was assessed, and one a rule that no control has."""
    wanted = collections.Counter()
    has_control = set()
    for control in truth.report["controls"]:
        has_control |= {(rule["policy"], rule["rule"]) for rule in control["rules"]}
        if judged(control):
            name = f"{control['framework']}: {control['requirement']}"
            wanted[squeezed(clean(name)), "satisfied" if control["status"] == "met" else "not-satisfied"] += 1
    whole = all(gap["code"] in OF_WHOLE_EXPORTS for gap in truth.summary["incomplete_because"])
    for key, counted in truth.by_rule().items():
        if key not in has_control and judged(counted):
            met = counted["pass"] == judged(counted)
            wanted["", "satisfied" if met and whole else "not-satisfied"] += 1
    found = collections.Counter()
    risks = {}
    for result in results["results"]:
        risks |= {risk["uuid"]: risk for risk in result.get("risks", [])}
        for finding in result.get("findings", []):
            of_control = finding["target"]["type"] == "statement-id"
            name = squeezed(finding["title"]) if of_control else ""
            state = finding["target"]["status"]["state"]
            found[name, state] += 1
            related = [risks.get(risk["risk-uuid"]) for risk in finding.get("related-risks", [])]
            if finding.get("related-observations") and not related:
                yield f"{shown(finding['title'])} has observations and no risk"
        if not result.get("assessment-log", {}).get("entries"):
            yield "it has no assessment log"
    for name, state in (wanted - found) + (found - wanted):
        number = found[name, state]
        yield f"{number} findings {shown(name)} are {state}, where json has {wanted[name, state]}"


def judge_oscal(path, truth, tools):
    logging.disable()  # what it logs is asked for below
    _, problems = plain_utf8(path, but="\n")
    yield from problems
    document = json.loads(path.read_bytes(), object_pairs_hook=unique_keys)
    if set(document) != {"assessment-results"}:
        yield f"the keys are {sorted(document)}"
        return
    try:
        with tempfile.TemporaryDirectory() as folder:
            # It tells JSON by the extension.
            copy = Path(folder, "assessment-results.json")
            copy.write_bytes(path.read_bytes())
            model = AssessmentResults.oscal_read(copy)
            for validator in validator_factory.get_all():
                # One of them would ask all others again.
                if type(validator).__name__ == "AllValidator":
                    continue
                if not validator.model_is_valid(model, True, Path(folder)):
                    yield f"trestle: {type(validator).__name__} refuses it"
    except Exception as error:  # whatever it raises, it could not load the file
        yield f"trestle: {type(error).__name__} {' '.join(str(error).split())[:500]}"
        return
    results = document["assessment-results"]
    if results["metadata"]["oscal-version"] != "1.1.3":
        yield f"oscal-version is {results['metadata']['oscal-version']}"

    defined = collections.Counter()
    used = []

    def walk(value, key=None):
        match value:
            case dict():
                if "uuid" in value:
                    defined[value["uuid"]] += 1
                for name, item in value.items():
                    if name.endswith("-uuid") and isinstance(item, str):
                        used.append((name, item))
                    walk(item, name)
            case list():
                for item in value:
                    walk(item, key)

    walk(results)
    for uuid, number in defined.items():
        if number > 1:
            yield f"{number} things have the uuid {uuid}"
        if not re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", uuid):
            yield f"{uuid} is no uuid of version 4 or 5"
    # The model does not look where they lead.
    for name, uuid in used:
        if uuid not in defined:
            yield f"{name} {uuid} leads nowhere"

    entries = []
    failing = collections.Counter()
    referred = set()
    for result in results["results"]:
        observations = {observation["uuid"]: observation for observation in result.get("observations", [])}
        for observation in observations.values():
            entries.append(oscal_entry(observation))
        for finding in result.get("findings", []):
            related = {r["observation-uuid"] for r in finding.get("related-observations", [])}
            referred |= related
            failing[finding["target"]["status"]["state"]] += 1
            if related and finding["target"]["status"]["state"] == "satisfied":
                yield f"{shown(finding['title'])} is satisfied, with {len(related)} observations"
    own = {
        uuid for result in results["results"] for uuid in (o["uuid"] for o in result.get("observations", []))
    }
    if own - referred:
        yield f"{len(own - referred)} observations belong to no finding"
    yield from oscal_controls(results, truth)
    yield from compare(truth, entries, cell=SHORT)


def oscal_entry(observation):
    fingerprint = next((f[0] for text in strings(observation) if (f := FINGERPRINT.fullmatch(text))), None)
    status = next((p["value"] for p in observation.get("props", []) if p["name"] == "status"), None)
    return Entry(strings(observation), status=status, fingerprint=fingerprint)


# --- xlsx -------------------------------------------------------------------

SHEETS = ["Summary", "Findings", "Controls", "Rules", "Rejected"]
MOST_CELL = 32_767


def as_shown(value):
    """What Excel shows of a cell: an escaped underscore is one; this reader leaves it."""
    return unescape(value) if isinstance(value, str) else value


def judge_xlsx(path, truth, tools):
    with zipfile.ZipFile(path) as file:
        if file.testzip():
            yield "a part of the file is damaged"
        for name in file.namelist():
            if re.search(r"vbaProject|externalLink|connections|embeddings|activeX", name, re.I):
                yield f"a part {name}"
            part = file.read(name)
            if name.startswith("xl/worksheets/") and re.search(rb"<f[ >/]", part):
                yield f"a formula in {name}"
            # Excel reads these as characters, unless the underscore is escaped.
            if found := re.search(rb"(?<!_x005F)_x(?!005F_x)[0-9A-Fa-f]{4}_", part if name.endswith(".xml") else b""):
                yield f"an escaped character {found[0].decode()} in {name}"
            if name.endswith(".rels") and b'TargetMode="External"' in part:
                yield f"a link to elsewhere in {name}"
    book = openpyxl.load_workbook(path)
    if book.sheetnames != SHEETS:
        yield f"the sheets are {book.sheetnames}"
        return
    rows = {}
    for sheet in book:
        rows[sheet.title] = []
        for row in sheet.iter_rows():
            rows[sheet.title].append([as_shown(cell.value) for cell in row])
            for cell in row:
                value = cell.value
                if cell.data_type not in ("s", "n", "b", "d", "inlineStr"):
                    yield f"{sheet.title}!{cell.coordinate} is of the type {cell.data_type}"
                if isinstance(value, str):
                    if len(value.encode("utf-16-le")) // 2 > MOST_CELL:
                        yield f"{sheet.title}!{cell.coordinate} has more than {MOST_CELL} characters"
                    if clean(value) != value:
                        yield f"{sheet.title}!{cell.coordinate} steers: {shown(value)}"
    summary = "\n".join(canon(str(value)) for row in rows["Summary"] for value in row if value is not None)
    for because in truth.because:
        if canon(because) not in summary:
            yield f"the summary does not say why it is not complete: {because}"
    of_controls = ("Controls", len(truth.report["controls"]))
    for name, wanted in [of_controls, ("Rules", len(truth.rules)), ("Rejected", len(truth.report["rejected"]))]:
        if len(rows[name]) - 1 != wanted:
            yield f"{len(rows[name]) - 1} rows in {name}, where json has {wanted}"
    header, *findings = rows["Findings"]
    names = [str(name).strip().lower().replace(" ", "_") for name in header]
    for name in ["policy", "rule", "severity", "status", "customer_id", "fingerprint"]:
        if name not in names:
            yield f"no column {name} in Findings: {header}"
            return
    entries = []
    for row in findings:
        row = dict(zip(names, row))
        texts = [str(value) for value in row.values() if value is not None]
        entries.append(Entry(texts, row["status"], row["severity"], row["fingerprint"]))
    yield from compare(truth, entries, cell=MOST_CELL)


# --- defectdojo -------------------------------------------------------------

# One key that it does not know, and it imports nothing.
DOJO_TOP = {"name", "type", "version", "description", "static_tool", "dynamic_tool", "soc", "findings"}
DOJO_KEYS = {
    **dict.fromkeys(["title", "severity", "description", "mitigation", "impact", "references", "date"], str),
    **dict.fromkeys(["severity_justification", "steps_to_reproduce", "numerical_severity"], str),
    **dict.fromkeys(["unique_id_from_tool", "vuln_id_from_tool", "component_name", "component_version"], str),
    **dict.fromkeys(["service", "file_path", "mitigated", "publish_date"], str),
    **dict.fromkeys(["active", "verified", "false_p", "out_of_scope", "risk_accepted"], bool),
    **dict.fromkeys(["is_mitigated", "static_finding", "dynamic_finding", "under_review"], bool),
    **dict.fromkeys(["line", "nb_occurences", "cwe", "scanner_confidence"], int),
    "tags": list,
}
DOJO_LENGTHS = {
    "title": 511,
    "component_name": 500,
    "unique_id_from_tool": 500,
    "vuln_id_from_tool": 500,
    "service": 200,
}


def judge_defectdojo(path, truth, tools):
    _, problems = plain_utf8(path, but="\n")
    yield from problems
    report = json.loads(path.read_bytes(), object_pairs_hook=unique_keys)
    if unknown := set(report) - DOJO_TOP:
        yield f"unknown keys {sorted(unknown)}"
    titles = collections.Counter()
    entries, unsure = [], []
    told = 0
    for number, finding in enumerate(report["findings"]):
        problems = dojo_words(finding)
        told += bool(problems)
        if told <= 5:
            yield from (f"finding {number}: {problem}" for problem in problems)
        titles[finding.get("severity"), finding.get("title"), finding.get("description")] += 1
        severity = finding.get("severity", "").lower()
        status = (
            "waived"
            if finding.get("risk_accepted")
            else next(
                (tag.removeprefix("status:") for tag in finding.get("tags", []) if tag.startswith("status:")),
                None,
            )
        )
        is_unsure = str(finding.get("title")).startswith("Audit incomplete:")
        (unsure if is_unsure else entries).append(
            # Of a record without an id, its place and content follow.
            Entry(strings(finding), status, severity, (finding.get("unique_id_from_tool") or "")[:32])
        )
    yield from says_unsure(truth, unsure)
    yield from compare(truth, entries, cell=SHORT)


def dojo_words(finding):
    problems = []
    for key in ("title", "severity", "description"):
        if not finding.get(key):
            problems.append(f"no {key}")
    for key, value in finding.items():
        kind = DOJO_KEYS.get(key)
        if kind is None:
            problems.append(f"the key {key} is not known")
        elif type(value) is not kind:
            problems.append(f"{key} is {shown(value)}")
        elif len(value if isinstance(value, str) else "") > DOJO_LENGTHS.get(key, sys.maxsize):
            problems.append(f"{key} has {len(value)} characters")
    if finding.get("severity") not in ("Critical", "High", "Medium", "Low", "Info"):
        problems.append(f"severity {finding.get('severity')!r}")
    if "date" in finding:
        try:
            datetime.date.fromisoformat(finding["date"][:10])
        except ValueError:
            problems.append(f"date {finding['date']!r}")
    return problems


# --- metrics ----------------------------------------------------------------

METRIC_LABELS = {"job", "policy", "severity", "status", "since", "state"}


def judge_metrics(path, truth, tools):
    text, problems = plain_utf8(path, but="\n")
    yield from problems
    families = {family.name: family for family in text_string_to_metric_families(text)}
    policies = {policy["id"] for policy in truth.report["policies"]}
    found = collections.Counter()
    for family in families.values():
        if family.type != "gauge":
            yield f"{family.name} is a {family.type}"
        if not family.documentation:
            yield f"{family.name} says nothing of itself"
        for sample in family.samples:
            if sample.timestamp is not None:
                yield f"{sample.name} has a time"
            if unknown := set(sample.labels) - METRIC_LABELS:
                yield f"{sample.name} has the labels {sorted(unknown)}"
            if sample.labels.get("policy", next(iter(policies), None)) not in policies:
                yield f"{sample.name} is of no policy"
            if not sample.labels.get("job"):
                yield f"{sample.name} is of no job"
    for sample in families["audit_findings"].samples:
        kind = tuple(sample.labels[name] for name in ("policy", "severity", "status"))
        found[kind] += int(sample.value)
    listed = collections.Counter(
        tuple(finding[name] for name in ("policy", "severity", "status")) for finding in truth.findings
    )
    if +found != listed:
        yield f"it counts {dict(+found - listed)} more and {dict(listed - found)} fewer findings"
    if [sample.value for sample in families["audit_complete"].samples] != [float(truth.complete)]:
        yield "it says otherwise whether the audit is complete"
    records = sum(sample.value for sample in families["audit_records"].samples)
    if records != truth.summary["records"]:
        yield f"it counts {records:g} records"


JUDGES = {
    "text": judge_text,
    "csv": judge_csv,
    "controls": judge_controls,
    "matrix": judge_matrix,
    "json": judge_json,
    "ndjson": judge_ndjson,
    "markdown": judge_markdown,
    "html": judge_html,
    "sarif": judge_sarif,
    "junit": judge_junit,
    "ocsf": judge_ocsf,
    "oscal": judge_oscal,
    "xlsx": judge_xlsx,
    "defectdojo": judge_defectdojo,
    "metrics": judge_metrics,
}


def judge(format, path, truth, tools):
    """What is wrong with a report. A judge that stumbles has found something."""
    problems = []
    try:
        for problem in JUDGES[format](path, truth, tools):
            problems.append(problem)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        at = f"{where.name}, line {where.lineno}"
        problems.append(f"could not be judged: {type(error).__name__}: {shown(str(error))} ({at})")
    return problems
