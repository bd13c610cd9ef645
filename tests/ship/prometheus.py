#!/usr/bin/env python3
"""Judges the metrics of two nights, the alerts and the dashboard, by the tools of Prometheus.

Takes the program, and the folder with promtool and prometheus-node-exporter.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SHIP = ROOT / ".ship" / "prometheus"
CUSTOMERS = [
    {"id": f"customer-{number}", "name": f"Customer {number}", "force2fa": number % 3 == 0}
    for number in range(9)
]


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    return done.returncode, done.stdout, done.stderr


def check(holds, what, *more):
    if not holds:
        sys.exit("\n".join([f"prometheus.py: {what}", *map(str, more)]))


def metrics_of(audit, folder):
    """The metrics of the second of two nights; a customer comes, and one is fixed."""
    policy = folder / "policy.toml"
    policy.write_text(
        '[policy]\nid = "pol"\n\n[[rule]]\nid = "mfa"\nseverity = "high"\nrequire.force2fa = true\n'
    )
    export, collected = folder / "export.ndjson", folder / "collected"
    collected.mkdir()
    history = folder / "history"
    history.mkdir()
    file = collected / "audit.prom"
    for night, customers in enumerate([CUSTOMERS[:8], CUSTOMERS]):
        is_fixed = lambda one: one["force2fa"] or (night == 1 and one["id"] == "customer-1")
        records = [{**one, "force2fa": is_fixed(one)} for one in customers]
        export.write_text("".join(json.dumps(one) + "\n" for one in records))
        command = [audit, "-q", "-p", policy, "--history", history, "--deadline", "high=1d"]
        as_of = f"2026-11-2{5 + night}T02:00:00Z"
        code, out, err = run(*command, "--as-of", as_of, "--job", "night's", "-o", file, export)
        check(code == 1, "the audit found nothing, or failed", out, err)
    return file


def judge_file(promtool, file):
    mode = file.stat().st_mode & 0o777
    check(mode == 0o644, f"the mode of the file is {mode:o}")
    with file.open() as metrics:
        code, out, err = run(promtool, "check", "metrics", stdin=metrics)
    check((code, out, err) == (0, "", ""), "promtool finds fault with the metrics", out, err)
    text = file.read_text()
    for said in [
        'audit_complete{job="night\'s"} 1',
        'severity="high",status="fail",since="new"} 1',
        'severity="high",status="fail",since="open"} 4',
        'audit_ended{job="night\'s",state="fixed"} 1',
        'audit_overdue{job="night\'s",policy="pol",severity="high"} 4',
        'audit_oldest_finding_age_seconds{job="night\'s",policy="pol",severity="high"} 86400',
    ]:
        check(said in text, f"the metrics do not say {said}", text)
    check("customer-" not in text, "the metrics name a customer", text)
    return set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))


def judge_collector(exporter, file):
    """What the textfile collector makes of the file."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        exporter,
        "--collector.disable-defaults",
        "--collector.textfile",
        f"--collector.textfile.directory={file.parent}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    log = tempfile.TemporaryFile()
    with subprocess.Popen(command, stdout=log, stderr=log) as exporting:
        try:
            for _ in range(100):
                try:
                    scraped = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
                    break
                except OSError:
                    time.sleep(0.1)
            else:
                sys.exit("prometheus.py: the collector does not answer")
        finally:
            exporting.terminate()
    check("node_textfile_scrape_error 0" in scraped, "the collector cannot read the file", scraped)
    check('audit_complete{job="night\'s"} 1' in scraped, "the collector lacks a metric", scraped)


def judge_alerts(promtool, names, folder):
    rules = SHIP / "alerts.yml"
    code, out, err = run(promtool, "check", "rules", rules)
    check(code == 0, "promtool finds fault with the alerts", out, err)
    for file in [rules, ROOT / "tests" / "ship" / "alerts.test.yml"]:
        (folder / file.name).write_text(file.read_text())
    code, out, err = run(promtool, "test", "rules", folder / "alerts.test.yml")
    check(code == 0, "an alert is raised where it should not be, or silent", out, err)
    asked = set(re.findall(r"\baudit_\w+", rules.read_text()))
    check(asked <= names, f"alerts ask for metrics that nobody writes: {asked - names}")
    tested = set(re.findall(r"alertname: (\w+)\n +exp_alerts", (folder / "alerts.test.yml").read_text()))
    alerts = set(re.findall(r"alert: (\w+)", rules.read_text()))
    check(alerts == tested, f"no test raises {alerts - tested}")


def judge_dashboard(promtool, names, folder):
    board = json.loads((SHIP / "dashboard.json").read_text())
    panels = board["panels"]
    ids = [panel["id"] for panel in panels]
    check(len(ids) == len(set(ids)), "two panels have one id")
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    asked = set(re.findall(r"\baudit_\w+", " ".join(queries)))
    check(asked == names, f"the dashboard and the metrics differ: {asked ^ names}")
    for panel in panels:
        check(panel["description"] and panel["title"], f"a panel says nothing of itself: {panel['id']}")
    # They are rules to promtool, once their variables have values.
    rules = [
        {"record": f"panel:{number}", "expr": query.replace("$job", ".+")}
        for number, query in enumerate(queries)
    ]
    file = folder / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    code, out, err = run(promtool, "check", "rules", file)
    check(code == 0, "promtool cannot read a query of the dashboard", out, err)


def main():
    audit, tools = (Path(argument).resolve() for argument in sys.argv[1:3])
    promtool = tools / "promtool"
    os.environ["TZ"] = "UTC"
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        file = metrics_of(audit, folder)
        names = judge_file(promtool, file)
        judge_collector(tools / "prometheus-node-exporter", file)
        judge_alerts(promtool, names, folder)
        judge_dashboard(promtool, names, folder)
    print(f"{len(names)} metrics, the alerts and the dashboard hold")


main()
