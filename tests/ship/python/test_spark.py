"""Parts on two executors of Spark, which are processes of their own."""

import contextlib
import csv
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pyarrow
import pyarrow.parquet
import pyspark
import pytest
from pyspark import SparkConf, SparkContext

import account_audit
from account_audit import AuditError
from account_audit import spark as audit
from conftest import AS_OF, FLAGS, PROGRAM, Run, customer, dies_once, program

pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")

EXAMPLE = pathlib.Path(account_audit.__file__).parents[2] / "examples" / "lake.py"
SPARK = os.path.dirname(pyspark.__file__)


@pytest.fixture(scope="module")
def spark_context() -> Iterator[SparkContext]:
    # The master of a local cluster starts executors from the folder of Spark.
    os.environ["SPARK_HOME"] = SPARK
    os.environ["PYSPARK_PYTHON"] = sys.executable
    conf = SparkConf().setMaster("local-cluster[2,1,1024]").setAppName("audit")
    conf.set("spark.ui.enabled", "false").set("spark.executor.memory", "512m")
    context = SparkContext(conf=conf)
    context.setLogLevel("FATAL")
    yield context
    context.stop()
    # Executors leave what was shipped to them.
    shutil.rmtree(os.path.join(SPARK, "work"), ignore_errors=True)


def executors() -> set[int]:
    """Returns the processes of executors that this test started."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        # One that has just ended has no command line.
        with contextlib.suppress(psutil.Error):
            if "org.apache.spark.executor.CoarseGrainedExecutorBackend" in process.cmdline():
                found.add(process.pid)
    return found


def test_reports_are_those_of_one_run(spark_context: SparkContext, run: Run) -> None:
    said: list[tuple[int, int]] = []
    made = audit.shard(
        spark_context,
        FLAGS,
        run.exports,
        parts=9,
        into=run.parts,
        program=dies_once(run.folder),
        progress=lambda done, total: said.append((done, total)),
    )
    assert (run.folder / "died").exists(), "a task failed and was run again"
    assert said == sorted(said) and said[-1] == (9, 9)
    assert made == account_audit.partials(run.parts)
    run.is_the_same(audit.merge(FLAGS, made, outputs=run.merged))


def test_the_program_is_shipped(spark_context: SparkContext, run: Run) -> None:
    shipped = run.folder / "shipped-audit"
    shutil.copy(PROGRAM, shipped)
    spark_context.addFile(str(shipped))
    audit.shard(spark_context, FLAGS, run.exports, parts=2, into=run.parts, program="shipped-audit")
    result = audit.merge(FLAGS, run.parts, outputs=run.merged, program="shipped-audit")
    run.is_the_same(result)


def test_errors_have_the_message_of_the_program(spark_context: SparkContext, run: Run) -> None:
    with pytest.raises(AuditError) as error:
        audit.shard(spark_context, FLAGS, 'no "é\n', parts=3, into=run.parts)
    with pytest.raises(AuditError) as here:
        account_audit.shard(FLAGS, 'no "é\n', part="1/3", into=run.parts)
    assert (str(error.value), error.value.code) == (str(here.value), 2)
    odd = program(run.folder, "kill -KILL $$")
    with pytest.raises(AuditError, match="audit was ended by signal 9") as error:
        audit.shard(spark_context, FLAGS, run.exports, parts=2, into=run.parts, program=odd)
    assert error.value.code == -9


def test_progress_that_fails_is_told(spark_context: SparkContext, run: Run) -> None:
    def progress(done: int, total: int) -> None:
        raise LookupError(f"{done} of {total}")

    with pytest.raises(LookupError):
        audit.shard(spark_context, FLAGS, run.exports, parts=2, into=run.parts, progress=progress)


def test_wrong_cuts_are_made_again(spark_context: SparkContext, wrongly_cut: Run) -> None:
    run = wrongly_cut
    for where in [spark_context, None]:
        made = audit.shard(spark_context, FLAGS, run.exports, parts=8, into=run.parts)
        result = audit.merge(
            FLAGS, made, outputs=run.merged, exports=run.exports, spark_context=where
        )
        run.is_the_same(result)
        run.is_the_same(audit.merge(FLAGS, run.parts, outputs=run.merged))
        for partial in (run.folder / "parts").iterdir():
            partial.unlink()


def test_a_killed_executor_changes_nothing(spark_context: SparkContext, run: Run) -> None:
    killed: list[int] = []
    before = executors()
    assert len(before) == 2

    def progress(done: int, total: int) -> None:
        if done >= 3 and not killed:
            assert done < total
            killed.append(min(before))
            os.kill(killed[0], signal.SIGKILL)

    made = audit.shard(
        spark_context,
        FLAGS,
        run.exports,
        parts=24,
        into=run.parts,
        program=program(run.folder, "sleep 1"),
        progress=progress,
    )
    assert killed and killed[0] not in executors()
    assert len(executors() - before) == 1, "another took its place"
    assert len(made) == 24
    run.is_the_same(audit.merge(FLAGS, made, outputs=run.merged))
    run.is_the_same(audit.merge(FLAGS, run.parts, outputs=run.merged))


def findings(report: pathlib.Path) -> list[list[str]]:
    """Returns what was found, without the place: that is another file and line."""
    with report.open(newline="") as rows:
        found = list(csv.DictReader(rows))
    return sorted([row[key] for key in row if key not in ("export", "record")] for row in found)


def test_rows_of_a_table_are_those_of_an_export(tmp_path: pathlib.Path) -> None:
    rows = [customer(number) for number in range(400)]
    table = tmp_path / "table"
    table.mkdir()
    for at in range(4):
        columns = pyarrow.Table.from_pylist(rows[at * 100 : at * 100 + 100])
        names = ["customer.id" if name == "id" else name for name in columns.column_names]
        pyarrow.parquet.write_table(columns.rename_columns(names), table / f"{at}.parquet")
    export = tmp_path / "export.ndjson"
    export.write_text("".join(json.dumps(row) + "\n" for row in rows))
    whole = account_audit.audit(export, policies="pci", as_of=AS_OF, outputs=tmp_path / "whole.csv")
    work = tmp_path / "work"
    work.mkdir()
    ended = subprocess.run(
        [os.path.join(SPARK, "bin", "spark-submit"), "--master", "local[2]", EXAMPLE]
        + ["--as-of", AS_OF, "--column", "id=customer.id", table, work],
        env={**os.environ, "SPARK_HOME": SPARK, "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == whole.code, ended.stderr
    # Where `spark-submit` starts the driver, it writes both streams as one.
    assert ended.stdout.endswith(f"\n{whole.code.name}\n")
    assert len(list((work / "parts").iterdir())) > 1
    found = findings(work / "findings.csv")
    assert found == findings(tmp_path / "whole.csv")
    assert any("null" in row for row in found), "null is not missing"
