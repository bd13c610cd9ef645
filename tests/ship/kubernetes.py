"""Holds the Jobs that make a run on many machines against one run.

Their checker judges them, and their commands are run as a cluster would run them: every index,
some twice, in any order, one of them lost at first.

    kubernetes.py PROGRAM FOLDER-OF-TOOLS
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

PROGRAM = Path(sys.argv[1]).resolve()
TOOLS = Path(sys.argv[2]).resolve()
JOBS = Path(__file__).resolve().parents[2] / ".ship/kubernetes/many-machines.yaml"
PARTS = 9


def export(path: Path, name: str) -> None:
    """Writes customers, of whom some have no second factor."""
    with path.open("w") as out:
        for number in range(4000):
            record = {
                "id": f"{name}{number % 3900}",
                "name": f"Customer {number}",
                "force_2fa": number % 3 != 0,
                "force_sso": number % 5 == 0,
                "has_pci": number % 2 == 0,
                "ip_whitelist": "192.0.2.0/24",
                "created_at": "2025-01-01T00:00:00Z",
                "note": "x" * (number % 90),
            }
            out.write(json.dumps(record) + "\n")


def command(job: dict, folder: Path) -> tuple[str, dict[str, str]]:
    """Returns the script of a Job and its environment, with its volumes in a folder."""
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["/bin/sh", "-ec"]
    [script] = container["args"]
    for mount in container["volumeMounts"]:
        path = mount["mountPath"]
        if path != "/tmp":
            script = script.replace(path + "/", f"{folder}{path}/")
    environment = {one["name"]: one["value"] for one in container["env"]}
    return script, environment


def run(script: str, environment: dict[str, str]) -> subprocess.CompletedProcess:
    path = f"{PROGRAM.parent}:{os.environ['PATH']}"
    environment = {**os.environ, **environment, "PATH": path, "NO_COLOR": "1"}
    return subprocess.run(
        ["/bin/sh", "-ec", script], env=environment, capture_output=True, text=True
    )


def main() -> None:
    judged = subprocess.run(
        [TOOLS / "kubernetes-validate", "--strict", JOBS], capture_output=True, text=True
    )
    # It only warns of a version that it does not know.
    said = judged.stdout + judged.stderr
    assert judged.returncode == 0 and "arning" not in said, said
    shard, merge = yaml.safe_load_all(JOBS.read_text())
    assert shard["spec"]["completions"] == 400
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name in ("exports", "parts", "reports"):
            (folder / name).mkdir()
        for name in ("a", "b"):
            export(folder / f"exports/{name}.ndjson", name)

        script, environment = command(shard, folder)
        environment["PARTS"] = str(PARTS)
        indexes = [*range(PARTS), 2, 5]
        random.Random(7).shuffle(indexes)
        lost = 4
        for index in indexes:
            made = run(script, {**environment, "JOB_COMPLETION_INDEX": str(index)})
            assert made.returncode == 0, made.stderr
        (folder / f"parts/{lost}.part").unlink()

        merging, environment = command(merge, folder)
        refused = run(merging, environment)
        assert refused.returncode != 0
        assert f"--part {lost + 1}/{PARTS}" in refused.stderr, refused.stderr
        assert (folder / "reports/exit-code").read_text() == "2\n"
        assert len(list((folder / "reports").iterdir())) == 1

        made = run(script, {**environment, "PARTS": str(PARTS), "JOB_COMPLETION_INDEX": str(lost)})
        assert made.returncode == 0, made.stderr
        merged = run(merging, environment)
        assert merged.returncode == 0, merged.stderr

        whole = folder / "whole"
        whole.mkdir()
        exports = sorted((folder / "exports").iterdir())
        one = subprocess.run(
            [PROGRAM, "-q", "-p", "pci", "--as-of", environment["AS_OF"]]
            + ["-o", whole / "findings.csv", "-o", whole / "report.json", *exports],
            stderr=subprocess.DEVNULL,
        )
        assert (folder / "reports/exit-code").read_text() == f"{one.returncode}\n"
        for name in ("findings.csv", "report.json"):
            assert (whole / name).read_bytes() == (folder / "reports" / name).read_bytes(), name
    print("the Jobs of a run on many machines make the reports of one run")


main()
