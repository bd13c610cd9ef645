"""The judges of check.py, judged: each accepts a good report, made by hand after
its format's specification, and refuses each of the bad ones made from it."""

import base64
import hashlib
import argparse
import datetime
import html
import io
import json
import re
import sys
import tempfile
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import openpyxl

from check import AS_OF
from judges import COLUMNS, OF_CONTROL, SHEETS, Tools, Truth, cells, judge
from texts import clean, defused

NAMES = ["=1+1 <img src=x>", "a|b `c` @everyone [x](http://x.example) {0}", "\u202eevil\x07 \U0001f600"]
MILLISECONDS = int(datetime.datetime.fromisoformat(AS_OF.replace("Z", "+00:00")).timestamp() * 1000)
NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")


def finding(number, policy, rule, severity, status):
    name = NAMES[number]
    return {
        "policy": policy,
        "rule": rule,
        "severity": severity,
        "status": status,
        "reason": "violated" if status == "fail" else "unparsable",
        "customer_id": f"c{number}",
        "customer_name": name,
        "evidence": [{"field": "name", "expected": "at most 0 characters", "observed": name}],
        "evidence_digest": f"{number:032x}",
        "fingerprint": f"{number:032x}",
        "waiver": None,
        "export": "export.json",
        "record": number + 1,
    }


def rule(id, severity):
    return {
        "id": id,
        "title": f"The title of {id}",
        "severity": severity,
        "rationale": "Why.",
        "remediation": "How.",
        "references": ["PCI DSS 4.0.1: 8.4.2 (partial)"],
        "criterion": {"require": f"{id} is true", "on_absent": "fail"},
        "sha256": "1" * 64,
    }


def truth():
    findings = [
        finding(0, "pci", "mfa", "critical", "fail"),
        finding(1, "pci", "mfa", "critical", "error"),
        finding(2, "own", "name", "low", "fail"),
    ]
    zero = {"pass": 0, "fail": 0, "error": 0, "not_applicable": 0, "waived": 0}
    counts = {"mfa": {**zero, "pass": 1, "fail": 1, "error": 1}, "name": {**zero, "pass": 2, "fail": 1}}
    counts["met"] = {**zero, "pass": 3}
    rules = [("pci", "mfa", "critical"), ("pci", "met", "high"), ("own", "name", "low")]
    policy = lambda id: {
        "id": id,
        "title": f"The policy {id}",
        "version": "1",
        "path": f"{id}.toml",
        "sha256": "0" * 64,
        "rules": [rule(name, severity) for owner, name, severity in rules if owner == id],
    }
    by_severity = {name: dict(zero) for name in ["critical", "high", "medium", "low", "info"]}
    for _, name, severity in rules:
        by_severity[severity] = counts[name]
    return Truth(
        {
            "tool": {"name": "audit", "version": "0.1.0"},
            "schema_version": 1,
            "fingerprint_scheme": 1,
            "as_of": AS_OF,
            "policies": [policy("pci"), policy("own")],
            "findings": findings,
            "rejected": [{"export": "export.json", "record": 4, "offset": 99, "cause": "not JSON"}],
            "exports": [{"path": "export.json", "format": "json", "records": 4, "rejected": 1}],
            "coverage": {},
            "summary": {
                "complete": False,
                "incomplete_because": [{"code": "rejected", "count": 1, "text": "1 record could not be read"}],
                "records": 4,
                "in_scope": 3,
                "scope_undecided": 0,
                "rejected": 1,
                **{"pass": 6, "fail": 2, "error": 1, "not_applicable": 0, "waived": 0},
                "by_policy": [
                    {"policy": id, "in_scope": 3, "judged": True} for id in ["pci", "own"]
                ],
                "by_rule": [
                    {"policy": owner, "rule": name, "severity": severity, "most_severe": severity, **counts[name]}
                    for owner, name, severity in rules
                ],
                "by_severity": by_severity,
                "unknown_keys": {},
                "deleted_at_epoch": 0,
                "protocol_lines": 0,
                "anomalies": [], "top_customers": [],
            },
            "controls": [
                {
                    "framework": "PCI DSS 4.0.1",
                    "requirement": "8.4.2",
                    "status": "not-met",
                    "rules": [
                        {"policy": "pci", "rule": rule, "strength": "partial"} for rule in ["mfa", "met"]
                    ],
                    "records": 3,
                    **{"pass": 4, "fail": 1, "error": 1, "not_applicable": 0, "waived": 0},
                    "most_severe": "critical",
                }
            ],
        }
    )


# --- good reports -----------------------------------------------------------


def dump(value):
    """JSON in which nothing steers."""
    return json.dumps(value, indent=1)


def seen(found, spell=str):
    return "; ".join(
        f"{e['field']}: {spell(e['observed'])}, expected {e['expected']}" for e in found["evidence"]
    )


def text(truth):
    lines = [
        "INCOMPLETE  3 findings in 4 records (3 in scope, 1 rejected)",
        "  - 1 record could not be read",
        "",
    ]
    for f in truth.findings:
        lines.append(
            f"  {f['severity']}  {f['status']}  {f['policy']}/{f['rule']}  {f['customer_id']}  {seen(f, clean)}"
        )
    return "\n".join(lines) + "\n"


def csv_rows(rows):
    quote = lambda cell: '"' + defused(cell).replace('"', '""') + '"'
    return "".join(",".join(quote(str(cell)) for cell in row) + "\r\n" for row in rows)


def controls(truth):
    rows = []
    for control in truth.report["controls"]:
        rules = "; ".join(f"{rule['policy']}/{rule['rule']} (partial)" for rule in control["rules"])
        rows.append([rules if name == "rules" else control.get(name, "") for name in OF_CONTROL])
    return csv_rows([OF_CONTROL, *rows])


def matrix(truth):
    rules = [f"{policy}/{rule['id']}" for policy, rule in truth.rules]
    letters = [["F", "P", "P"], ["E", "P", "P"], ["P", "P", "F"], ["", "", ""]]
    ids = [*(f["customer_id"] for f in truth.findings), ""]
    rows = [[id, "export.json", number, *row] for number, (id, row) in enumerate(zip(ids, letters), 1)]
    return csv_rows([["customer_id", "export", "record", *rules], *rows])


def csv(truth):
    quote = lambda cell: '"' + defused(cell).replace('"', '""') + '"'
    rules = {(policy, rule["id"]): rule for policy, rule in truth.rules}
    rows = [",".join(quote(cell) for cell in cells(f, rules[f["policy"], f["rule"]])) for f in truth.findings]
    return "\r\n".join([",".join(COLUMNS), *rows, ""])


def json_(truth):
    return dump(truth.report)


def ndjson(truth):
    rest = {k: v for k, v in truth.report.items() if k not in ("findings", "summary")}
    lines = [*truth.findings, {"summary": truth.summary, "report": rest}]
    return "".join(json.dumps(line) + "\n" for line in lines)


def markdown(truth):
    code = lambda text: "``` " + clean(text).replace("|", "\\|") + " ```"
    lines = ["# Audit: INCOMPLETE", "", "- 1 record could not be read", "", "## Findings", ""]
    lines += ["| severity | status | rule | customer | seen | fingerprint |", "| --- | --- | --- | --- | --- | --- |"]
    for f in truth.findings:
        whom = f"{code(f['customer_id'])} {code(f['customer_name'])}"
        rule = code(f"{f['policy']}/{f['rule']}")
        lines.append(f"| {f['severity']} | {f['status']} | {rule} | {whom} | {seen(f, code)} | `{f['fingerprint']}` |")
    return "\n".join(lines) + "\n"


def page(truth):
    cell = lambda text: f"<td>{html.escape(clean(text))}</td>"
    rows = []
    for f in truth.findings:
        told = [
            f["severity"],
            f["status"],
            f"{f['policy']}/{f['rule']}",
            f["customer_id"],
            f["customer_name"],
            seen(f),
        ]
        rows.append("<tr>" + "".join(cell(text) for text in told) + "</tr>")
    head = "".join(
        f'<th scope="col">{n}</th>' for n in ["severity", "status", "rule", "customer", "name", "seen"]
    )
    style, script = "td { color: black }", "const page = document;"
    digest = lambda of: base64.b64encode(hashlib.sha256(of.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest(script)}'; style-src 'sha256-{digest(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>Audit</title>
<style>{style}</style>
</head>
<body>
<h1>INCOMPLETE</h1>
<p>1 record could not be read</p>
<table>
<caption>Findings</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{chr(10).join(rows)}
</tbody>
</table>
<script>{script}</script>
</body>
</html>
"""


def sarif(truth):
    level = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
    score = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0", "info": "0.0"}
    literal = lambda text: re.sub(r"([\[\]\\])", r"\\\1", text).replace("{", "{{").replace("}", "}}")
    ids = [f"{policy}/{rule['id']}" for policy, rule in truth.rules]
    rules = [
        {
            "id": f"{policy}/{rule['id']}",
            "name": "".join(word.title() for word in f"{policy}-{rule['id']}".split("-")),
            "shortDescription": {"text": rule["title"]},
            "fullDescription": {"text": rule["rationale"]},
            "help": {"text": rule["remediation"]},
            "helpUri": "https://example.com/audit",
            "defaultConfiguration": {"level": level[rule["severity"]]},
            "properties": {"security-severity": score[rule["severity"]], "tags": ["security"]},
        }
        for policy, rule in truth.rules
    ]
    results = []
    for f in truth.findings:
        place = {
            "artifactLocation": {"uri": f["export"], "index": 0},
            "region": {"startLine": f["record"], "startColumn": 1, "endLine": f["record"], "endColumn": 2},
        }
        logical = {"fullyQualifiedName": f"customers/{f['customer_id']}/name", "kind": "member"}
        results.append(
            {
                "ruleId": f"{f['policy']}/{f['rule']}",
                "ruleIndex": ids.index(f"{f['policy']}/{f['rule']}"),
                "kind": "fail",
                "level": level[f["severity"]],
                "message": {"text": literal(clean(f"{f['customer_id']} ({f['customer_name']}): {seen(f)}"))},
                "locations": [{"physicalLocation": place, "logicalLocations": [logical]}],
                "partialFingerprints": {
                    "primaryLocationLineHash": f"{f['fingerprint']}:1",
                    "auditFinding/v1": f["fingerprint"],
                },
                "properties": {"status": f["status"]},
            }
        )
    notes = [
        {"level": "error", "message": {"text": because}} for because in truth.because
    ]
    run = {
        "tool": {
            "driver": {
                "name": "audit",
                "semanticVersion": "0.1.0",
                "informationUri": "https://example.com/audit",
                "rules": rules,
            }
        },
        "automationDetails": {"id": "audit/pci/2026-12-01"},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": "export.json"}}],
        "invocations": [{"executionSuccessful": False, "toolExecutionNotifications": notes}],
        "results": results,
    }
    return dump(
        {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    )


def junit(truth):
    suites = []
    for policy in truth.report["policies"]:
        cases = []
        failures = errors = 0
        for rule in policy["rules"]:
            found = [f for f in truth.findings if (f["policy"], f["rule"]) == (policy["id"], rule["id"])]
            inner = ""
            if found:
                kind = "error" if any(f["status"] == "error" for f in found) else "failure"
                failures += kind == "failure"
                errors += kind == "error"
                lines = "\n".join(clean(f"{f['customer_id']} {f['customer_name']}: {seen(f)}") for f in found)
                inner = f"<{kind} message={quoteattr(rule['title'])} type={quoteattr(rule['severity'])}>{escape(lines)}</{kind}>"
            cases.append(
                f"<testcase classname={quoteattr('audit.' + policy['id'])} name={quoteattr(rule['id'])}>{inner}</testcase>"
            )
        counts = f'tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="0"'
        suites.append(f"<testsuite name={quoteattr(policy['id'])} {counts}>{''.join(cases)}</testsuite>")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="audit">{"".join(suites)}</testsuites>\n'
    )


def ocsf(truth):
    ids = {"info": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
    captions = ["Unknown", "Informational", "Low", "Medium", "High", "Critical"]
    lines = []
    for f in truth.findings:
        event = {
            "activity_id": 1,
            "activity_name": "Create",
            "category_uid": 2,
            "category_name": "Findings",
            "class_uid": 2003,
            "class_name": "Compliance Finding",
            "type_uid": 200301,
            "type_name": "Compliance Finding: Create",
            "time": MILLISECONDS,
            "severity_id": ids[f["severity"]],
            "severity": captions[ids[f["severity"]]],
            "status_id": 1,
            "status": "New",
            "message": f"{f['customer_name']}: {seen(f)}",
            "metadata": {
                "version": "1.5.0",
                "product": {"name": "audit", "vendor_name": "audit", "version": "0.1.0"},
            },
            "finding_info": {"uid": f["fingerprint"], "title": f["rule"], "types": [f["policy"]]},
            "compliance": {
                "standards": ["PCI DSS 4.0.1"],
                "requirements": ["8.4.2"],
                "control": f["rule"],
                "status": "Fail",
                "status_id": 3,
            },
            "resources": [{"uid": f["customer_id"], "name": f["customer_name"], "type": "Customer account"}],
            "remediation": {"desc": "How."},
            "unmapped": {"status": f["status"], "policy": f["policy"]},
        }
        lines.append(json.dumps(event) + "\n")
    unsure = {
        **event,
        "severity_id": 4,
        "severity": "High",
        "message": "; ".join(truth.because),
        "finding_info": {"uid": "0" * 32, "title": "The audit is not complete"},
    }
    return "".join(lines) + json.dumps(unsure) + "\n"


def oscal(truth):
    made = lambda *names: str(uuid.uuid5(NAMESPACE, "/".join(names)))
    observations = [
        {
            "uuid": made("observation", f["fingerprint"]),
            "title": f"{f['policy']}/{f['rule']}",
            "description": clean(f"{f['customer_id']} {f['customer_name']}: {seen(f)}"),
            "methods": ["TEST"],
            "props": [
                {"name": "status", "ns": "https://example.com/audit", "value": f["status"]},
                {"name": "fingerprint", "ns": "https://example.com/audit", "value": f["fingerprint"]},
            ],
            "collected": AS_OF,
        }
        for f in truth.findings
    ]
    findings = []
    of_control = lambda f: f["policy"] == "pci"
    for title, kind, target, own in [
        (
            "PCI DSS 4.0.1: 8.4.2",
            "statement-id",
            "PCI_DSS_4.0.1_8.4.2_smt",
            [f for f in truth.findings if of_control(f)],
        ),
        ("The title of name", "objective-id", "own_name", [f for f in truth.findings if not of_control(f)]),
    ]:
        findings.append(
            {
                "uuid": made("finding", target),
                "title": title,
                "description": "Why.",
                "target": {"type": kind, "target-id": target, "status": {"state": "not-satisfied"}},
                "related-observations": [
                    {"observation-uuid": made("observation", f["fingerprint"])} for f in own
                ],
                "related-risks": [{"risk-uuid": made("risk", target)}],
            }
        )
    risks = [
        {
            "uuid": made("risk", finding["target"]["target-id"]),
            "title": "Risk",
            "description": "Risk.",
            "statement": "Why.",
            "status": "open",
        }
        for finding in findings
    ]
    result = {
        "uuid": made("result"),
        "title": "pci",
        "description": "An audit.",
        "start": AS_OF,
        "reviewed-controls": {"control-selections": [{"include-all": {}}]},
        "observations": observations,
        "findings": findings,
        "risks": risks,
        "assessment-log": {
            "entries": [{"uuid": made("log"), "title": "Read export.json", "start": AS_OF}],
        },
    }
    metadata = {"title": "Audit", "last-modified": AS_OF, "version": "0.1.0", "oscal-version": "1.1.3"}
    results = {
        "uuid": made("results"),
        "metadata": metadata,
        "import-ap": {"href": "#plan"},
        "results": [result],
    }
    return dump({"assessment-results": results})


def xlsx(truth, change=lambda book: None):
    book = openpyxl.Workbook()
    book.remove(book.active)
    sheets = {name: book.create_sheet(name) for name in SHEETS}
    sheets["Summary"].append(["complete", "no"])
    sheets["Summary"].append(["because", *truth.because])
    sheets["Controls"].append(["framework", "requirement"])
    for control in truth.report["controls"]:
        sheets["Controls"].append([control["framework"], control["requirement"]])
    sheets["Rules"].append(["policy", "rule"])
    for policy, rule in truth.rules:
        sheets["Rules"].append([policy, rule["id"]])
    sheets["Rejected"].append(["export", "record"])
    for rejected in truth.report["rejected"]:
        sheets["Rejected"].append([rejected["export"], rejected["record"]])
    sheets["Findings"].append(COLUMNS)
    rules = {(policy, rule["id"]): rule for policy, rule in truth.rules}
    for f in truth.findings:
        sheets["Findings"].append([clean(cell) for cell in cells(f, rules[f["policy"], f["rule"]])])
        for cell in sheets["Findings"][sheets["Findings"].max_row]:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def metrics(truth):
    families = {
        "audit_complete": {"": int(truth.complete)},
        "audit_records": {',state="in-scope"': 3, ',state="rejected"': 1},
        "audit_findings": {
            f',policy="{f["policy"]}",severity="{f["severity"]}",status="{f["status"]}"': 1
            for f in truth.findings
        },
    }
    lines = []
    for name, values in families.items():
        lines += [f"# HELP {name} What it counts.", f"# TYPE {name} gauge"]
        lines += [f'{name}{{job="pci+own"{labels}}} {value}' for labels, value in values.items()]
    return "\n".join([*lines, "# EOF", ""])


def defectdojo(truth):
    findings = [
        {
            "title": clean(f"{f['policy']}/{f['rule']}: {f['customer_id']}"),
            "severity": f["severity"].title(),
            "description": clean(f"{f['customer_name']}: {seen(f)}"),
            "mitigation": "How.",
            "references": "PCI DSS 4.0.1: 8.4.2",
            "date": "2026-12-01",
            "active": True,
            "verified": True,
            "unique_id_from_tool": f["fingerprint"],
            "vuln_id_from_tool": f["rule"],
            "component_name": f["customer_id"],
            "tags": [f"status:{f['status']}"],
        }
        for f in truth.findings
    ]
    because = "; ".join(truth.because)
    unsure = {"title": f"Audit incomplete: {because}", "severity": "High", "unique_id_from_tool": "0" * 32}
    findings.append({**findings[0], **unsure})
    return dump({"name": "audit", "type": "audit", "findings": findings})


# --- bad reports: a change, and a word of the complaint ----------------------


def swap(old, new, count=1):
    def change(report):
        assert old in report, old
        return report.replace(old, new, count)

    return change


def inside(edit):
    """Changes JSON as data."""

    def change(report):
        value = json.loads(report)
        edit(value)
        return dump(value)

    return change


def lines(edit):
    def change(report):
        values = [json.loads(line) for line in report.splitlines()]
        edit(values)
        return "".join(json.dumps(value) + "\n" for value in values)

    return change


def set_(*path, to):
    def edit(value):
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = to

    return edit


def drop(*path):
    def edit(value):
        for key in path[:-1]:
            value = value[key]
        del value[path[-1]]

    return edit


def rebuilt(change):
    return lambda report: xlsx(truth(), change)


def rezipped(report):
    out = io.BytesIO(report)
    with zipfile.ZipFile(out, "a") as file:
        file.writestr("xl/vbaProject.bin", b"x")
    return out.getvalue()


def add_formula(book):
    book["Summary"]["C1"] = "=1+1"


def run_(*path):
    return ("runs", 0, *path)


def result_(*path):
    return ("assessment-results", "results", 0, *path)


BAD = {
    "text": [
        (swap("INCOMPLETE", "PASS"), "verdict"),
        (swap("3 findings", "2 findings"), "verdict does not tell 3"),
        (swap("\\u{202e}", "\u202e"), "steer"),
        (swap("c1", "xx"), "not told"),
    ],
    "csv": [
        (swap('"critical",', "", 1), "duckdb"),
        (swap("\"'=1+1", '"=1+1'), "row 1"),
        (lambda csv: csv.replace("\r\n", "\n"), "CR LF"),
        (lambda csv: "\r\n".join(csv.split("\r\n")[1:]), "header"),
        (lambda csv: "\r\n".join([*csv.split("\r\n")[:-2], ""]), "2 rows"),
        (swap("\\u{202e}", "\u202e"), "steer"),
        (swap(',"fail",', ',"fa"il",'), "duckdb"),
    ],
    "controls": [
        (swap('"not-met"', '"met"'), "status"),
        (swap("pci/mfa", "pci/x"), "rules"),
        (lambda csv: "\r\n".join([*csv.split("\r\n")[:-2], ""]), "0 rows"),
        (lambda csv: "\r\n".join(csv.split("\r\n")[1:]), "header"),
        (swap('"critical",', "", 1), "duckdb"),
    ],
    "matrix": [
        (swap('"F","P","P"', '"P","P","P"'), "pci/mfa: 0 F"),
        (swap('"F","P","P"', '"E","P","P"'), "record 1: 'E'"),
        (swap('"F","P","P"', '"X","P","P"'), "the letters"),
        (swap('"E","P","P"', '"E","P"'), "duckdb"),
        (swap('"3"', '"2"'), "rows of records"),
        (swap('"pci/mfa"', '"pci/x"'), "header"),
        (lambda csv: "\r\n".join([*csv.split("\r\n")[:-2], ""]), "3 rows"),
        (swap('"c1"', '"c9"'), "another customer"),
    ],
    "json": [
        (inside(drop("findings", 0, "rule")), "check-jsonschema"),
        (inside(set_("more", to=1)), "check-jsonschema"),
        (inside(drop("findings", 0)), "summary counts"),
        (inside(drop("rejected", 0)), "rejected"),
        (swap("\\u202e", "\u202e"), "steer"),
        (swap('"findings"', '"tool": {}, "findings"'), "twice"),
        (lambda json: json[:-3], "could not be judged"),
    ],
    "ndjson": [
        (lines(lambda values: values.pop()), "last line"),
        (lines(lambda values: values.pop(0)), "not tell what json tells"),
        (lines(set_(0, "severity", to="grave")), "check-jsonschema"),
        (lambda ndjson: ndjson.rstrip("\n"), "no end"),
    ],
    "markdown": [
        (swap("``` =1+1 <img src=x> ```", "=1+1 <img src=x>"), "markup"),
        (swap("``` c1 ```", "[c1](http://x.example)"), "link"),
        (swap("``` c1 ```", "![c1](x.png)"), "image"),
        (swap("``` c1 ```", "c1 http://x.example"), "link"),
        (swap("``` c1 ```", "c1 &#64;everyone"), "mention"),
        (swap("\\|", "|"), "bars"),
        (lambda md: md[: md.rindex("| low")], "findings"),
        (swap("- 1 record could not be read", ""), "not complete"),
        (swap("@everyone", "@nobody", 9), "not told"),
        (lambda md: md + "x" * 65_000, "characters"),
    ],
    "html": [
        (swap("<caption>", "<p>x</table><caption>"), "html-validate"),
        (swap('scope="col"', 'scope="column"'), "vnu"),
        (swap("=1+1 &lt;img src=x&gt;", "=1+1 <img src=x onerror=alert(1)>"), "onerror"),
        (swap("</body>", "<script>x</script></body>"), "script"),
        (swap("</body>", '<p><a href="http://x.example">x</a></p></body>'), "leads to"),
        (swap("color: black", "background: url(http://x.example)"), "loads"),
        (swap("default-src 'none'", "default-src *"), "content security"),
        (swap("<td>c1</td>", "<td>c2</td>"), "not told"),
        (lambda page: re.sub(r"<tr><td>low.*</tr>\n", "", page), "2 findings"),
    ],
    "sarif": [
        (inside(set_(*run_("results", 0, "level"), to="grave")), "check-jsonschema"),
        (inside(set_(*run_("more"), to=1)), "check-jsonschema"),
        (inside(drop(*run_("tool"))), "check-jsonschema"),
        (inside(set_(*run_("results", 0, "ruleIndex"), to=9)), "SARIF1"),
        (inside(drop(*run_("results", 0, "locations"))), "GH1"),
        (inside(drop(*run_("tool", "driver", "rules", 0, "help"))), "GH2012"),
        (inside(set_(*run_("results", 0, "ruleIndex"), to=1)), "points at"),
        (
            inside(drop(*run_("results", 0, "partialFingerprints", "primaryLocationLineHash"))),
            "primaryLocationLineHash",
        ),
        (inside(set_(*run_("tool", "driver", "rules", 0, "fullDescription", "text"), to="x" * 1025)), "1025"),
        (inside(set_(*run_("invocations", 0, "executionSuccessful"), to=True)), "executionSuccessful"),
        (inside(set_(*run_("results", 1, "properties", "status"), to="fail")), "status"),
        (inside(set_(*run_("results", 1, "message", "text"), to="x")), "not told whole"),
        (inside(drop(*run_("results", 1))), "2 findings"),
    ],
    "junit": [
        (swap("<testsuites ", '<testsuites timestamp="x" '), "xmlschema"),
        (swap("<testcase ", "<testcase><properties/></testcase><testcase "), "xmlschema"),
        (swap("<testsuite ", '<testsuite time="1.2345" '), "xmlschema"),
        (swap("&lt;", "<"), "not well-formed"),
        (swap("c1", "\uffff"), "not well-formed"),
        (swap("c1", "\x0b"), "not well-formed"),
        (swap('errors="1"', 'errors="0"'), "errors of"),
        (lambda xml: re.sub(r"<(error|failure).*?</\1>", "", xml, flags=re.S), "green"),
        (
            lambda xml: re.sub(
                r"<testcase [^>]*'met'.*?</testcase>|<testcase [^>]*\"met\".*?</testcase>", "", xml
            ),
            "no case",
        ),
        (swap("c1 ", "cx "), "no red case names"),
        (swap('name="met"', 'name="mfa"'), "one name"),
    ],
    "ocsf": [
        (lines(set_(0, "class_uid", to=2004)), "class_uid"),
        (lines(set_(0, "type_uid", to=200399)), "type_uid"),
        (lines(set_(0, "more", to=1)), "schema"),
        (lines(set_(0, "resources", 0, "more", to=1)), "schema"),
        (lines(set_(0, "severity_id", to=9)), "schema"),
        (lines(set_(0, "severity_id", to=9)), "py-ocsf-models"),
        (lines(drop(0, "compliance")), "schema"),
        (lines(drop(0, "finding_info", "uid")), "schema"),
        (lines(set_(0, "severity", to="Low")), "severity"),
        (lines(set_(0, "time", to=MILLISECONDS // 1000)), "time"),
        (lines(set_(0, "metadata", "version", to="9.0.0")), "not published"),
        (
            lines(lambda v: (v[1].update(message="x"), v[1]["resources"][0].update(name="x"))),
            "not told whole",
        ),
        (lines(lambda values: values.pop(0)), "2 findings"),
        (lambda ocsf: ocsf.rstrip("\n"), "no end"),
    ],
    "oscal": [
        (inside(drop("assessment-results", "import-ap")), "trestle"),
        (inside(set_(*result_("more"), to=1)), "trestle"),
        (inside(set_(*result_("findings", 0, "target", "status", "state"), to="bad")), "trestle"),
        (
            inside(
                set_(
                    *result_("findings", 0, "related-observations", 0, "observation-uuid"),
                    to=str(uuid.uuid5(NAMESPACE, "x")),
                )
            ),
            "leads nowhere",
        ),
        (
            inside(
                lambda v: v["assessment-results"].update(uuid=v["assessment-results"]["results"][0]["uuid"])
            ),
            "uuid",
        ),
        (inside(drop(*result_("observations", 2))), "2 findings"),
        (inside(set_(*result_("findings", 0, "target", "status", "state"), to="satisfied")), "satisfied"),
        (inside(set_("assessment-results", "metadata", "oscal-version", to="1.0.4")), "oscal-version"),
        (inside(set_(*result_("findings", 0, "title"), to="PCI DSS 4.0.1: 8.4.3")), "8.4.2"),
        (inside(drop(*result_("findings", 1))), "belong to no finding"),
        (inside(drop(*result_("risks"))), "leads nowhere"),
        (inside(drop(*result_("findings", 1, "related-risks"))), "no risk"),
        (inside(drop(*result_("assessment-log"))), "log"),
        (inside(set_(*result_("observations", 1, "description"), to="x")), "not told whole"),
    ],
    "xlsx": [
        (rebuilt(add_formula), "formula"),
        (rebuilt(lambda book: book.remove(book["Rejected"])), "sheets"),
        (rebuilt(lambda book: book["Findings"].delete_rows(3)), "2 findings"),
        (rebuilt(lambda book: book["Rules"].delete_rows(3)), "Rules"),
        (rebuilt(lambda book: book["Controls"].append(["CIS", "1.1"])), "Controls"),
        (rebuilt(lambda book: book["Summary"].delete_rows(2)), "not complete"),
        (rebuilt(lambda book: setattr(book["Summary"]["C1"], "hyperlink", "http://x.example")), "elsewhere"),
        (
            rebuilt(
                lambda book: (
                    setattr(book["Findings"]["J3"], "value", "x")
                    or setattr(book["Findings"]["G3"], "value", "x")
                )
            ),
            "not told whole",
        ),
        (rebuilt(lambda book: setattr(book["Summary"]["C1"], "value", "_x000D_")), "escaped character"),
        (rezipped, "vbaProject"),
        (lambda xlsx: xlsx[:1000], "could not be judged"),
    ],
    "metrics": [
        (swap("# TYPE audit_complete gauge", "# TYPE audit_complete info"), "could not be judged"),
        (swap("} 1", "} 1 1764633600"), "has a time"),
        (swap("# EOF", ""), "could not be judged"),
        (swap('job="pci+own"', 'job="pci+own",customer_id="c1"'), "customer_id"),
        (swap('policy="pci"', 'policy="other"'), "no policy"),
        (swap('"pci+own"} 0', '"pci+own"} 1'), "says otherwise"),
        (swap('status="error"} 1', 'status="error"} 2'), "more and"),
        (swap('state="rejected"} 1', 'state="rejected"} 2'), "counts 5 records"),
        (swap('"} 1', '"} one'), "could not be judged"),
    ],
    "defectdojo": [
        (inside(set_("findings", 0, "customer", to="x")), "not known"),
        (inside(set_("more", to="x")), "unknown keys"),
        (inside(set_("findings", 0, "severity", to="critical")), "severity"),
        (inside(drop("findings", 0, "title")), "no title"),
        (inside(set_("findings", 0, "title", to="x" * 512)), "512"),
        (inside(set_("findings", 0, "active", to="yes")), "active"),
        (inside(set_("findings", 0, "date", to="yesterday")), "date"),
        (inside(set_("findings", 1, "description", to="x")), "not told whole"),
        (inside(set_("findings", 1, "tags", to=["status:fail"])), "status"),
        (inside(drop("findings", 1)), "2 findings"),
    ],
}

GOOD = {
    "text": text,
    "csv": csv,
    "controls": controls,
    "matrix": matrix,
    "json": json_,
    "ndjson": ndjson,
    "markdown": markdown,
    "html": page,
    "sarif": sarif,
    "junit": junit,
    "ocsf": ocsf,
    "oscal": oscal,
    "xlsx": xlsx,
    "defectdojo": defectdojo,
    "metrics": metrics,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audit", required=True, type=Path, help="the program, asked for its schema")
    parser.add_argument("--only", action="append", choices=list(GOOD), help="a format")
    options = parser.parse_args()
    tools = Tools(options.audit.resolve())
    failed = 0
    jobs = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max_workers=2) as pool:
        for format in options.only or GOOD:
            good = GOOD[format](truth())
            for number, (change, word) in enumerate([(lambda report: report, None), *BAD[format]]):
                report = change(good)
                path = Path(folder, f"{number}.{format}")
                path.write_bytes(report if isinstance(report, bytes) else report.encode())
                jobs.append((format, number, word, pool.submit(judge, format, path, truth(), tools)))
        for format, number, word, job in jobs:
            problems = job.result()
            if word is None and problems:
                failed += 1
                print(f"FAILED {format}: a good report is refused:", *map(ascii, problems), sep="\n  ")
            elif word is not None and not any(word in problem for problem in problems):
                failed += 1
                print(
                    f"FAILED {format}, bad report {number}: not refused for {word!r}:", *problems, sep="\n  "
                )
    print(f"judges: {len(jobs) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
