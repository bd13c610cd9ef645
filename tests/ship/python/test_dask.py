"""Parts on two worker processes of Dask."""

from collections.abc import Iterator

import pytest
from distributed import Client, LocalCluster

from account_audit import AuditError
from account_audit import dask as audit
from conftest import FLAGS, Run, dies_once


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster, Client(cluster) as client:
        yield client


def test_reports_are_those_of_one_run(client: Client, run: Run) -> None:
    said: list[tuple[int, int]] = []
    made = audit.shard(
        client,
        FLAGS,
        run.exports,
        parts=9,
        into=run.parts,
        program=dies_once(run.folder),
        progress=lambda done, total: said.append((done, total)),
    )
    assert (run.folder / "died").exists(), "a task failed and was run again"
    assert said == [(done, 9) for done in range(1, 10)]
    run.is_the_same(audit.merge(FLAGS, made, outputs=run.merged))


def test_errors_have_the_message_of_the_program(client: Client, run: Run) -> None:
    with pytest.raises(AuditError, match="export `none` could not be read") as error:
        audit.shard(client, FLAGS, "none", parts=3, into=run.parts)
    assert error.value.code == 2


def test_wrong_cuts_are_made_again(client: Client, wrongly_cut: Run) -> None:
    run = wrongly_cut
    for on_workers in [client, None]:
        made = audit.shard(client, FLAGS, run.exports, parts=8, into=run.parts)
        result = audit.merge(
            FLAGS, made, outputs=run.merged, exports=run.exports, client=on_workers
        )
        run.is_the_same(result)
        run.is_the_same(audit.merge(FLAGS, run.parts, outputs=run.merged))
        for partial in (run.folder / "parts").iterdir():
            partial.unlink()
