"""What somebody without perf-gate would write: per endpoint count, errors, p50, p95, p99 in ms, requests per second.

    python3 peers.py duckdb|polars|iterparse k6-json|k6-csv|jtl|jtl-xml FILE

Prints JSON, a list per endpoint. Columns and types are named where that is faster than letting the tool find out.
"""

import json
import sys

K6_TEXTS = ["check", "error", "error_code", "expected_response", "status", "service", "subproto", "tls_version", "metadata"]


def duckdb(form, path):
    import duckdb

    if form == "k6-json":
        source = f"""
            SELECT data.tags.name AS n, data.tags.expected_response = 'false' AS e, data.value AS v,
                   epoch(data.time::TIMESTAMP) AS t
            FROM read_json('{path}', format = 'newline_delimited', columns = {{metric: 'VARCHAR', type: 'VARCHAR', data:
                'STRUCT(time VARCHAR, value DOUBLE, tags STRUCT(name VARCHAR, expected_response VARCHAR))'}})
            WHERE metric = 'http_req_duration' AND type = 'Point'"""
    elif form == "k6-csv":
        types = {name: "VARCHAR" for name in K6_TEXTS + ["extra_tags"]} | {"metric_value": "DOUBLE"}
        source = f"""
            SELECT name AS n, expected_response = 'false' AS e, metric_value AS v, timestamp AS t
            FROM read_csv('{path}', header = true, quote = '"', escape = '"', types = {types})
            WHERE metric_name = 'http_req_duration'"""
    else:
        types = {"timeStamp": "BIGINT", "elapsed": "BIGINT", "success": "BOOLEAN", "label": "VARCHAR", "failureMessage": "VARCHAR"}
        source = f"""
            SELECT label AS n, NOT success AS e, elapsed AS v, timeStamp / 1000 AS t
            FROM read_csv('{path}', header = true, quote = '"', escape = '"', types = {types})"""
    quantiles = ", ".join(f"quantile_cont(v, {p})" for p in (0.5, 0.95, 0.99))
    query = f"SELECT n, count(*), sum(e::INT)::BIGINT, {quantiles}, min(t), max(t) FROM ({source}) GROUP BY n"
    return duckdb.sql(query).fetchall()


def polars(form, path):
    import polars
    from polars import col

    if form == "k6-json":
        tags = polars.Struct({"name": polars.String, "expected_response": polars.String})
        data = polars.Struct({"time": polars.String, "value": polars.Float64, "tags": tags})
        lines = polars.scan_ndjson(path, schema={"metric": polars.String, "type": polars.String, "data": data})
        of, tag = col("data").struct.field, col("data").struct.field("tags").struct.field
        time = of("time").str.slice(0, 19).str.to_datetime("%Y-%m-%dT%H:%M:%S").dt.epoch("s")
        rows = lines.filter((col("metric") == "http_req_duration") & (col("type") == "Point"))
        rows = rows.select(n=tag("name"), e=tag("expected_response") == "false", v=of("value"), t=time)
    elif form == "k6-csv":
        lines = polars.scan_csv(path, schema_overrides={name: polars.String for name in K6_TEXTS})
        rows = lines.filter(col("metric_name") == "http_req_duration")
        rows = rows.select(n="name", e=col("expected_response") == "false", v="metric_value", t="timestamp")
    else:
        rows = polars.scan_csv(path).select(n="label", e=~col("success"), v="elapsed", t=col("timeStamp") / 1000)
    v, t = col("v"), col("t")
    quantiles = [v.quantile(p, "linear").alias(str(p)) for p in (0.5, 0.95, 0.99)]
    groups = rows.group_by("n").agg(polars.len(), col("e").sum(), *quantiles, t.min().alias("first"), t.max().alias("last"))
    return groups.collect(engine="streaming").rows()


def iterparse(_, path):
    from array import array
    from xml.etree.ElementTree import iterparse

    found, depth, root = {}, 0, None
    for event, element in iterparse(path, events=("start", "end")):
        root = element if root is None else root
        if element.tag not in ("httpSample", "sample"):
            continue
        if event == "end":
            depth -= 1
            if depth == 0:
                root.clear()
            continue
        if depth == 0:  # What lies in a sample is part of it.
            values, failures, times = found.setdefault(element.get("lb"), (array("d"), array("b"), array("d")))
            values.append(float(element.get("t")))
            failures.append(element.get("s") != "true")
            times.append(int(element.get("ts")) / 1000)
        depth += 1

    def quantile(values, p):
        rank = (len(values) - 1) * p
        low = int(rank)
        high = min(low + 1, len(values) - 1)
        return values[low] + (rank - low) * (values[high] - values[low])

    rows = []
    for name, (values, failures, times) in found.items():
        values = sorted(values)
        quantiles = [quantile(values, p) for p in (0.5, 0.95, 0.99)]
        rows.append((name, len(values), sum(failures), *quantiles, min(times), max(times)))
    return rows


def main(tool, form, path):
    rows = {"duckdb": duckdb, "polars": polars, "iterparse": iterparse}[tool](form, path)
    span = max(row[7] for row in rows) - min(row[6] for row in rows) + 1
    print(json.dumps([[*row[:6], row[1] / span] for row in rows]))


main(*sys.argv[1:])
