"""Audits the rows of a table: reads Parquet with Spark, writes NDJSON, shards it and merges.

    spark-submit lake.py --column id=customer_id --policy pci TABLE WORK

TABLE is a folder of Parquet files. WORK is a folder that all machines see; the rows, the
partials and the reports are left in it, and all of them hold data of customers.
"""

import argparse
import glob
import os
import sys
from datetime import datetime, timezone

from pyspark.sql import SparkSession
from pyspark.sql.functions import col

from account_audit import spark as audit

parser = argparse.ArgumentParser()
parser.add_argument("table")
parser.add_argument("work")
parser.add_argument("--policy", default="pci")
parser.add_argument("--as-of", default=datetime.now(timezone.utc).isoformat())
parser.add_argument("--column", action="append", default=[], metavar="FIELD=COLUMN")
args = parser.parse_args()

spark = SparkSession.builder.appName("audit").getOrCreate()
# So that an instant has the same text wherever this runs.
spark.conf.set("spark.sql.session.timeZone", "UTC")
rows = spark.read.parquet(args.table)
renamed = {column: field for field, column in (pair.split("=", 1) for pair in args.column)}
rows = rows.select([col(f"`{name}`").alias(renamed.get(name, name)) for name in rows.columns])

# Once, and the files are what is sharded: a query without a fixed order may give other rows to
# a task that is run again, so some would be audited twice and others never. For the same reason
# nothing is shuffled here: each part of the table becomes a file.
# With ignoreNullFields Spark leaves out keys whose value is null. Null is an answer, `the account
# has none`; a key that is missing means that nobody asked, and rules tell the two apart.
written = os.path.join(args.work, "rows")
rows.write.json(
    written,
    mode="errorifexists",
    compression="gzip",
    ignoreNullFields=False,
    timestampFormat="yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
)

exports = sorted(glob.glob(os.path.join(glob.escape(written), "part-*.json.gz")))
parts = os.path.join(args.work, "parts")
os.makedirs(parts)
flags = ["--policy", args.policy, "--as-of", args.as_of]
# Packed files are not cut, so more parts than files would be empty.
made = audit.shard(spark.sparkContext, flags, exports, parts=len(exports), into=parts)
reports = [os.path.join(args.work, name) for name in ("findings.csv", "report.json")]
result = audit.merge(flags, made, outputs=reports)
print(result.messages, end="", file=sys.stderr)
print(result.code.name)
spark.stop()
sys.exit(result.code)
