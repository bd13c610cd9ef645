"""Makes the parts of an audit on the executors of Spark; the driver merges them."""

import json
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
import functools

from pyspark import SparkContext, SparkFiles
from pyspark.accumulators import Accumulator

import account_audit
from account_audit import AuditError, Path, Paths, Progress, Result

__all__ = ["merge", "shard"]

_MARK = "account_audit: part failed: "


def shard(
    spark_context: SparkContext,
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

    Exports and the folder `into`, which should be empty, have the same path on all machines.
    `program` is a path there, or a name that was shipped with `--files`. Spark runs a failed
    task again; one that fails for good is an `AuditError` with the program's message. A thread
    of its own calls `progress`, twice a second at the most.
    """
    make = functools.partial(_part, flags, exports, into=into, options=options, program=program)
    return _made(spark_context, account_audit.parts(parts), make, progress)


def merge(
    flags: Sequence[str],
    made: Paths,
    *,
    outputs: Paths = (),
    options: Sequence[str] = (),
    exports: Paths = (),
    shard_options: Sequence[str] = (),
    spark_context: SparkContext | None = None,
    program: Path | None = None,
) -> Result:
    """Makes the reports on the driver, as `account_audit.merge` does.

    With `exports`, and the `shard_options` that the shards had, parts that were cut inside of a
    record are made again: by the executors of `spark_context`, else by the driver.
    """

    def again(named: list[str], into: str) -> list[str]:
        make = functools.partial(
            _part, flags, exports, into=into, options=shard_options, program=program
        )
        if spark_context is not None:
            return _made(spark_context, named, make)
        return [make(part=part) for part in named]

    return account_audit.merge(
        flags,
        made,
        outputs=outputs,
        options=options,
        again=again if exports else None,
        program=_shipped(program),
    )


def _made(
    spark_context: SparkContext,
    named: Sequence[str],
    make: Callable[..., str],
    progress: Progress | None = None,
) -> list[str]:
    done = spark_context.accumulator(0)

    def run(part: str) -> str:
        try:
            made = make(part=part)
        except AuditError as error:
            # The driver gets no exception, only its text with traces around it.
            raise RuntimeError(_MARK + json.dumps([error.message, error.code])) from error
        done.add(1)
        return made

    # Not `pipe`, which takes no notice of exit codes.
    tasks = spark_context.parallelize(named, len(named)).map(run)
    ended = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        watch = pool.submit(_watch, done, len(named), ended, progress)
        try:
            partials = tasks.collect()
        except Exception as error:
            _, found, said = str(error).partition(_MARK)
            if not found:
                raise
            (message, code), _ = json.JSONDecoder().raw_decode(said)
            raise AuditError(message, code) from error
        finally:
            ended.set()
        watch.result()
    return partials


def _part(
    flags: Sequence[str],
    exports: Paths,
    *,
    part: str,
    into: Path,
    options: Sequence[str],
    program: Path | None,
) -> str:
    program = _shipped(program)
    return account_audit.shard(
        flags, exports, part=part, into=into, options=options, program=program
    )


def _shipped(program: Path | None) -> Path | None:
    """Returns where Spark has put a program, on the machine that asks."""
    if program is None or os.path.dirname(program):
        return program
    return SparkFiles.get(os.fspath(program))


def _watch(
    done: Accumulator[int], total: int, ended: threading.Event, progress: Progress | None
) -> None:
    said = -1
    while progress is not None:
        last = ended.wait(0.5)
        # A task that ran twice can be counted twice.
        now = min(done.value, total)
        if now != said:
            progress(now, total)
            said = now
        if last:
            return
