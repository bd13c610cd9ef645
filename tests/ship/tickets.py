#!/usr/bin/env python3
"""Ten nights through each recipe for tickets, against a server that keeps them.

    tickets.py PROGRAM

Customers come and go, a slice ends and comes back, a finding moves to another owner, nights
are incomplete, and each night's recipe runs twice. After each: no slice has two open tickets,
none is open in which nothing is, and none was closed on a night that was not whole."""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.parse

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
RECIPES = pathlib.Path(__file__).resolve().parents[2] / ".ship" / "tickets"

POLICY = """
[policy]
id = "p"

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true
"""

# For each night, who fails, by customer: the owner. The others pass.
NIGHTS = [
    {"a": "o1", "b": "o1", "c": "o2"},
    {"a": "o1", "c": "o2"},
    {"a": "o1", "c": "o2", "d": "o3"},
    {"c": "o2", "d": "o3"},  # o1 ends
    {"c": "o2", "d": "o3"},
    {"c": "o3", "d": "o3"},  # c moves, so o2 ends
    {"d": "o3"},
    {"a": "o1", "d": "o3"},  # o1 comes back
    {"a": "o1"},
    {},
]
# On these nights the last line of the export is broken, and nobody who is gone is known to be.
BROKEN = {3, 8}
CUSTOMERS = ["a", "b", "c", "d"]


class Tickets(http.server.BaseHTTPRequestHandler):
    """The parts of three ticket systems that the recipes use."""

    all = []

    def log_message(self, *_):
        pass

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def labels(self, body):
        labels = body.get("fields", body)["labels"]
        return labels.split(",") if isinstance(labels, str) else labels

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        asked = query.get("labels") or query["jql"]
        found = [one for one in self.all if one["open"] and one["label"] in asked[0]]
        numbers = [{"number": one["number"], "iid": one["number"], "key": f"SEC-{one['number']}"} for one in found]
        self.answer({"issues": numbers} if "jql" in query else numbers)

    def do_POST(self):
        body = self.body()
        if self.path.endswith("/transitions"):
            self.ticket(self.path.split("/")[-2])["open"] = False
            return self.answer({})
        label = [one for one in self.labels(body) if one != "audit"][0]
        self.all.append({"number": len(self.all) + 1, "label": label, "open": True, "body": body})
        self.answer({})

    def change(self):
        body = self.body()
        ticket = self.ticket(urllib.parse.urlsplit(self.path).path.split("/")[-1])
        ticket["body"] = body
        if body.get("state") == "closed" or body.get("state_event") == "close":
            ticket["open"] = False
        self.answer({})

    do_PATCH = do_PUT = change

    def ticket(self, name):
        return self.all[int(name.split("-")[-1]) - 1]


def export(night):
    failing = NIGHTS[night]
    records = []
    for customer in CUSTOMERS:
        owner = failing.get(customer, "o9")
        record = {"id": customer, "name": customer.upper(), "ownerId": owner, "force2fa": customer not in failing}
        records.append(json.dumps(record))
    # Somebody who passes is the one who cannot be read.
    if night in BROKEN:
        records.append("{")
    return "\n".join(records) + "\n"


def run(recipe, url):
    Tickets.all.clear()
    environment = os.environ | {
        "GITHUB_API_URL": url, "GITHUB_TOKEN": "t", "GITHUB_REPOSITORY": "o/r",
        "GITLAB_API_URL": url, "GITLAB_TOKEN": "t", "GITLAB_PROJECT": "1",
        "JIRA_URL": url, "JIRA_TOKEN": "t", "JIRA_PROJECT": "SEC", "JIRA_DONE": "31",
    }
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "p.toml").write_text(POLICY)
        (folder / "history").mkdir()
        for night in range(len(NIGHTS)):
            (folder / "export.ndjson").write_text(export(night))
            before = [one["open"] for one in Tickets.all]
            done = subprocess.run(
                [PROGRAM, "-p", "p.toml", "-q", "--as-of", f"2026-11-{night + 1:02}T02:00:00Z",
                 "--history", "history", "--split-by", "field:ownerId", "-o", "tickets/{}.md",
                 "--manifest", "manifest.json", "export.ndjson"],
                cwd=folder, stderr=subprocess.DEVNULL,
            )
            wanted = 3 if night in BROKEN else int(bool(NIGHTS[night]))
            assert done.returncode == wanted, (recipe.name, night, done.returncode)
            for _ in range(2):
                subprocess.run([recipe, "manifest.json"], cwd=folder, env=environment, check=True)
                opened = [one["label"] for one in Tickets.all if one["open"]]
                assert len(opened) == len(set(opened)), (recipe.name, night, "two tickets", opened)
                owners = len(set(NIGHTS[night].values()))
                if night in BROKEN:
                    closed = [old and not one["open"] for old, one in zip(before, Tickets.all)]
                    assert not any(closed), (recipe.name, night, "closed on a night that is not whole")
                else:
                    assert len(opened) == owners, (recipe.name, night, opened, owners)
    print(f"{recipe.name}: {len(NIGHTS)} nights, {len(Tickets.all)} tickets, none open at the end")
    assert not any(one["open"] for one in Tickets.all)


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tickets)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    for recipe in sorted(RECIPES.glob("*.sh")):
        run(recipe, url)
    server.shutdown()


main()
