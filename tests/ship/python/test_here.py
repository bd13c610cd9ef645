"""The program on this machine: results, errors, parts."""

import os
import pathlib
import pickle
from datetime import datetime, timezone

import pytest

import account_audit
from account_audit import AuditError, Verdict
from conftest import AS_OF, FLAGS, PROGRAM, Run, program


def test_a_run_has_a_verdict_messages_and_reports(tmp_path: pathlib.Path) -> None:
    export = tmp_path / "export.json"
    export.write_text('[{"id":"c1","force_2fa":false},{"id":"c2","force_2fa":true}]')
    policy = tmp_path / "p.toml"
    policy.write_text(
        '[policy]\nid = "p"\n[[rule]]\nid = "mfa"\nseverity = "high"\nrequire.force2fa = true\n'
    )
    said: list[tuple[int, int]] = []
    as_of = datetime(2026, 10, 1, tzinfo=timezone.utc)

    def audit(*options: str) -> account_audit.Result:
        return account_audit.audit(
            export,
            policies=[policy],
            as_of=as_of,
            outputs=tmp_path / "findings.csv",
            options=options,
            progress=lambda done, total: said.append((done, total)),
        )

    result = audit()
    assert result.code is Verdict.FINDINGS
    assert "1 finding" in result.messages and "c1" in result.report
    assert result.outputs == (str(tmp_path / "findings.csv"),)
    assert "c1" in (tmp_path / "findings.csv").read_text()
    assert said == [(0, 1), (1, 1)]
    assert audit("--fail-on", "never").code is Verdict.CLEAN
    export.write_text("[]")
    assert audit().code is Verdict.INCOMPLETE


def test_what_is_no_result_is_an_error(run: Run) -> None:
    with pytest.raises(AuditError, match="^error: no bundled policy is called `nope`") as error:
        account_audit.audit(run.exports, policies="nope")
    assert error.value.code == 2
    copy = pickle.loads(pickle.dumps(error.value))
    assert (str(copy), copy.code) == (str(error.value), 2)
    for ends, code, message in [
        ("kill -KILL $$", -9, "audit was ended by signal 9"),
        ("echo odd >&2; exit 4", 4, "odd\naudit ended with the code 4"),
        ("exit 2", 2, "audit ended with the code 2"),
        ("exit 1", 1, "audit ended with the code 1"),
    ]:
        ended = program(run.folder, ends)
        with pytest.raises(AuditError) as error:
            account_audit.shard(FLAGS, run.exports, part="1/2", into=run.parts, program=ended)
        assert (error.value.code, str(error.value)) == (code, message)
    with pytest.raises(ValueError, match="time zone"):
        account_audit.audit(run.exports, policies="pci", as_of=datetime(2026, 1, 1))


def test_the_program_is_found_or_said_to_be_missing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert account_audit.find() == PROGRAM
    monkeypatch.setenv("AUDIT_BINARY", str(tmp_path / "none"))
    with pytest.raises(AuditError, match="none` is not there, or may not be run"):
        account_audit.find()
    assert account_audit.find(PROGRAM) == PROGRAM
    monkeypatch.delenv("AUDIT_BINARY")
    scripts, path = tmp_path / "scripts", tmp_path / "path"
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(scripts))
    monkeypatch.setenv("PATH", str(path))
    with pytest.raises(AuditError, match="install account-audit"):
        account_audit.find()
    for folder in [path, scripts]:
        folder.mkdir()
        (folder / "audit").symlink_to(PROGRAM)
        assert account_audit.find() == str(folder / "audit")
    # What is no program cannot be started.
    (tmp_path / "text").write_text("text")
    (tmp_path / "text").chmod(0o755)
    with pytest.raises(AuditError, match="could not be started: .*Exec format"):
        account_audit.audit("export", policies="pci", program=tmp_path / "text")


def test_parts_are_merged_to_the_bytes_of_a_run(run: Run) -> None:
    for part in [*account_audit.parts(4)[:2], "3-4/4"]:
        account_audit.shard(FLAGS, run.exports, part=part, into=run.parts)
    made = account_audit.partials(run.parts)
    names = [os.path.basename(path) for path in made]
    assert names == [f"part-{part}-of-00004.part" for part in ["00001", "00002", "00003-00004"]]
    run.is_the_same(account_audit.merge(FLAGS, run.parts, outputs=run.merged))
    run.is_the_same(account_audit.merge(FLAGS, made[::-1], outputs=run.merged))


def test_a_missing_part_is_named(run: Run) -> None:
    with pytest.raises(AuditError, match="no partial is in the folder"):
        account_audit.merge(FLAGS, run.parts)
    made = [
        account_audit.shard(FLAGS, run.exports, part=part, into=run.parts)
        for part in account_audit.parts(3)
    ]
    os.remove(made[1])
    with pytest.raises(AuditError, match="make it with --part 2/3") as error:
        account_audit.merge(FLAGS, run.parts, outputs=run.merged)
    assert error.value.code == 2
    run.nothing_is_written()


def test_a_wrong_cut_is_an_error_or_made_again(wrongly_cut: Run) -> None:
    run = wrongly_cut
    for part in account_audit.parts(8):
        account_audit.shard(FLAGS, run.exports, part=part, into=run.parts)
    with pytest.raises(AuditError, match="make again, as one, --part 2-4/8, --part 6-8/8"):
        account_audit.merge(FLAGS, run.parts, outputs=run.merged)
    run.nothing_is_written()
    asked: list[list[str]] = []

    def again(named: list[str], into: str) -> list[str]:
        asked.append(named)
        return [account_audit.shard(FLAGS, run.exports, part=part, into=into) for part in named]

    run.is_the_same(account_audit.merge(FLAGS, run.parts, outputs=run.merged, again=again))
    assert asked == [["2-4/8", "6-8/8"]]
    assert len(account_audit.partials(run.parts)) == 4
    run.is_the_same(account_audit.merge(FLAGS, run.parts, outputs=run.merged))


def test_a_cut_that_stays_wrong_is_an_error_in_the_end(run: Run) -> None:
    partial = account_audit.shard(FLAGS, run.exports, part="1/1", into=run.parts)
    says = f"error: make again, as one, --part 1/1, and merge that instead of `{partial}`"
    stubborn = program(run.folder, f"echo '{says}' >&2; exit 2")
    with pytest.raises(AuditError, match="make again"):
        account_audit.merge(FLAGS, run.parts, again=lambda named, into: [partial], program=stubborn)
    assert os.path.exists(partial)


def test_as_of_is_the_same_as_text_and_as_an_instant(run: Run) -> None:
    reports = run.reports(run.folder, "again")
    as_of = datetime.fromisoformat(AS_OF.replace("Z", "+00:00"))
    run.is_the_same(
        account_audit.audit(run.exports, policies=["pci"], as_of=as_of, outputs=reports)
    )
