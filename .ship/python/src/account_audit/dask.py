"""Makes the parts of an audit on the workers of Dask; the client merges them."""

from collections.abc import Callable, Sequence
import functools

from distributed import Client, as_completed

import account_audit
from account_audit import Path, Paths, Progress, Result

__all__ = ["merge", "shard"]

# A disk that was full for a moment must not end a run of hours; Spark tries as often.
_RETRIES = 3


def shard(
    client: Client,
    flags: Sequence[str],
    exports: Paths,
    *,
    parts: int,
    into: Path,
    options: Sequence[str] = (),
    program: Path | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Makes all parts of a run, a task each, and returns the paths of their partials.

    Exports, the folder `into`, which should be empty, and `program` have the same path on all
    machines. A failed task is run again; one that fails for good is an `AuditError` with the
    program's message, and the others are cancelled.
    """
    make = functools.partial(
        account_audit.shard, flags, exports, into=into, options=options, program=program
    )
    return _made(client, account_audit.parts(parts), make, progress)


def merge(
    flags: Sequence[str],
    made: Paths,
    *,
    outputs: Paths = (),
    options: Sequence[str] = (),
    exports: Paths = (),
    shard_options: Sequence[str] = (),
    client: Client | None = None,
    program: Path | None = None,
) -> Result:
    """Makes the reports here, as `account_audit.merge` does.

    With `exports`, and the `shard_options` that the shards had, parts that were cut inside of a
    record are made again: by the workers of `client`, else here.
    """

    def again(named: list[str], into: str) -> list[str]:
        make = functools.partial(
            account_audit.shard, flags, exports, into=into, options=shard_options, program=program
        )
        if client is not None:
            return _made(client, named, make)
        return [make(part=part) for part in named]

    return account_audit.merge(
        flags,
        made,
        outputs=outputs,
        options=options,
        again=again if exports else None,
        program=program,
    )


def _made(
    client: Client,
    named: Sequence[str],
    make: Callable[..., str],
    progress: Progress | None = None,
) -> list[str]:
    def run(part: str) -> str:
        return make(part=part)

    # Not pure: Dask would take a partial that was deleted since for one that is there.
    futures = client.map(run, named, pure=False, retries=_RETRIES)
    try:
        ended = as_completed(futures)  # type: ignore[no-untyped-call]
        for done, future in enumerate(ended, 1):
            future.result()
            if progress is not None:
                progress(done, len(named))
        return [future.result() for future in futures]
    finally:
        client.cancel(futures)  # type: ignore[no-untyped-call]
