"""Proves the judge: for every operation of the description, a well-formed request passes and malformed ones are told.

A schema that the judge cannot compile lets everything pass in silence; only a request that must be refused shows that
it looks. Every operation needs a row here. What happens goes through the whole chain, into a log of its own.
"""

import gzip
import json
import os
import re
import sys
from dataclasses import dataclass, field

import bed

LOG = "judge"
SHA = "0123456789abcdef0123456789abcdef01234567"
DESCRIPTION = os.path.join(os.path.dirname(__file__), "description", "github.json.gz")


@dataclass
class Row:
    """An operation, a body that is right, and bodies that are not; or queries that are not."""

    operation: str
    body: dict | None = None
    wrong: list = field(default_factory=list)
    queries: list = field(default_factory=list)


def without(body: dict, key: str) -> dict:
    return {name: value for name, value in body.items() if name != key}


def bodies(operation: str, body: dict, required: list, /, **wrong) -> Row:
    """Each required key left out, each named key with each wrong value, and no object at all."""
    missing = [without(body, key) for key in required]
    mistyped = [{**body, key: value} for key, values in wrong.items() for value in values]
    return Row(operation, body, [*missing, *mistyped, [body]])


PAGED = ["per_page=many", "page=first"]

# The routes that have neither body nor query: nothing can be malformed there except the numbers in their paths.
PLAIN = [
    "GET /rate_limit",
    "GET /user",
    "GET ",
    "GET /git/ref/{ref}",
    "GET /git/matching-refs/{ref}",
    "DELETE /git/refs/{ref}",
    "GET /git/blobs/{file_sha}",
    "GET /git/trees/{tree_sha}",
    "GET /git/commits/{commit_sha}",
    "GET /contents/{path}",
    "GET /branches/{branch}",
    "GET /issues/{issue_number}",
    "GET /issues/comments/{comment_id}",
    "DELETE /issues/comments/{comment_id}",
    "GET /labels/{name}",
    "GET /assignees/{assignee}",
    "GET /collaborators/{username}/permission",
    "GET /pulls/{pull_number}",
]

COMMIT = {"message": "m", "tree": SHA, "parents": [SHA], "author": {"name": "a", "email": "a@b.c"}}
TREE = {"tree": [{"path": "a", "mode": "100644", "type": "blob", "sha": SHA}]}
ENTRY = TREE["tree"][0]
CHECK = {"name": "n", "head_sha": SHA, "status": "completed", "conclusion": "success"}
NOTE = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "m"}
NOTES = [
    {"title": "t", "summary": "s", "annotations": [wrong]}
    for wrong in (without(NOTE, "end_line"), {**NOTE, "annotation_level": "bad"})
]

ROWS = [
    *(Row(operation) for operation in PLAIN),
    bodies("POST /git/refs", {"ref": "refs/heads/a", "sha": SHA}, ["ref", "sha"], ref=[1], sha=[1]),
    bodies("PATCH /git/refs/{ref}", {"sha": SHA, "force": False}, ["sha"], force=["no"], sha=[1]),
    bodies("POST /git/blobs", {"content": "YQ==", "encoding": "base64"}, ["content"], content=[1], encoding=[1]),
    bodies(
        "POST /git/trees",
        {**TREE, "base_tree": SHA},
        ["tree"],
        base_tree=[1],
        tree=[{}, [{**ENTRY, "mode": "100777"}], [{**ENTRY, "type": "file"}], [{**ENTRY, "sha": 1}]],
    ),
    bodies("POST /git/commits", COMMIT, ["message", "tree"], message=[1], parents=[SHA, [1]], author=[{"name": "a"}]),
    bodies("PUT /contents/{path}", {"message": "m", "content": "YQ=="}, ["message", "content"], sha=[1]),
    Row("GET /commits", queries=[*PAGED, "since=yesterday"]),
    Row("GET /commits/{ref}", queries=PAGED),
    Row("GET /commits/{ref}/check-runs", queries=[*PAGED, "filter=some", "status=bad"]),
    Row("GET /commits/{ref}/status", queries=PAGED),
    Row("GET /commits/{ref}/statuses", queries=PAGED),
    Row("GET /commits/{commit_sha}/pulls", queries=PAGED),
    Row("GET /compare/{basehead}", queries=PAGED),
    bodies(
        "POST /statuses/{sha}", {"state": "success", "context": "c"}, ["state"], state=["passed", 1], description=[1]
    ),
    bodies("POST /check-runs", CHECK, ["name", "head_sha"], conclusion=["bad"], status=["bad"], output=NOTES),
    bodies("PATCH /check-runs/{check_run_id}", CHECK, [], conclusion=["bad"], status=["bad"], output=NOTES),
    Row("GET /issues", queries=[*PAGED, "state=shut", "direction=up", "since=yesterday"]),
    bodies("POST /issues", {"title": "t"}, ["title"], title=[{}], body=[1], labels=["a", [1]], assignees=["a", [1]]),
    bodies(
        "PATCH /issues/{issue_number}",
        {"title": "t", "state": "open"},
        [],
        state=["bogus"],
        state_reason=["bogus"],
        title=[{}],
        body=[1],
        labels=["a"],
        assignees=["a"],
    ),
    Row("GET /issues/{issue_number}/comments", queries=[*PAGED, "since=yesterday"]),
    bodies("POST /issues/{issue_number}/comments", {"body": "b"}, ["body"], body=[1, {}]),
    bodies("PATCH /issues/comments/{comment_id}", {"body": "b"}, ["body"], body=[1, {}]),
    bodies("POST /issues/{issue_number}/labels", {"labels": ["a"]}, [], labels=["a", [1]]),
    bodies("POST /issues/{issue_number}/assignees", {"assignees": ["a"]}, [], assignees=["a", [1]]),
    Row("GET /labels", queries=PAGED),
    bodies("POST /labels", {"name": "n", "color": "ff0000"}, ["name"], name=[1], color=[1], description=[1]),
    Row("GET /assignees", queries=PAGED),
    Row("GET /pulls", queries=[*PAGED, "state=shut", "sort=name", "direction=up"]),
    Row("GET /pulls/{pull_number}/commits", queries=PAGED),
    Row("GET /pulls/{pull_number}/files", queries=PAGED),
    bodies(
        "POST /dispatches",
        {"event_type": "e", "client_payload": {}},
        ["event_type"],
        event_type=[1],
        client_payload=["a"],
    ),
    Row("GET /actions/runs", queries=[*PAGED, "status=bad", "exclude_pull_requests=maybe"]),
    Row("GET /actions/runs/{run_id}", queries=["exclude_pull_requests=maybe"]),
    Row("GET /actions/runs/{run_id}/jobs", queries=[*PAGED, "filter=some"]),
    Row("GET /actions/runs/{run_id}/artifacts", queries=PAGED),
    Row("GET /actions/artifacts", queries=PAGED),
]


def main() -> None:
    repository = bed.new_repository("judged")
    bed.control("POST", "/_bed/log", {"name": LOG})
    described = operations()
    faults = [f"{operation}: no row" for operation in described if operation not in {row.operation for row in ROWS}]
    faults += [f"{row.operation}: not described" for row in ROWS if row.operation not in described]
    refused = 0
    for row in ROWS:
        wrong = malformed(row)
        refused += len(wrong)
        faults += check(repository, row, wrong)
    bed.control("POST", "/_bed/log", {"name": ""})
    if faults:
        sys.exit("\n".join(faults))
    print(f"{len(ROWS)} operations: each passes well-formed, and all of {refused} malformed requests are refused")


def operations() -> list:
    """What is described, without the twins of paths that have several segments."""
    with gzip.open(DESCRIPTION) as file:
        paths = json.load(file)["paths"]
    each = [(method.upper(), path) for path, methods in paths.items() for method in methods if method != "parameters"]
    each = [(method, path) for method, path in each if not re.search(r"_\d+\}", path)]
    return [f"{method} {path.removeprefix('/repos/{owner}/{repo}')}" for method, path in each]


def malformed(row: Row) -> list:
    """Method, path and body of requests that must be refused."""
    method, path = row.operation.split(" ")
    wrong = [(method, path, body) for body in row.wrong]
    wrong += [(method, f"{path}?{query}", row.body) for query in row.queries]
    # A number in the path can be a word.
    number = re.search(r"\{(\w+_number|\w+_id)\}", path)
    if number:
        wrong.append((method, path.replace(number[0], "word"), row.body))
    # Nothing else to refuse: at least the list of methods must be closed.
    return wrong or [("PUT", path, {})]


def check(repository: str, row: Row, wrong: list) -> list:
    """What is wrong with the judge for one operation."""
    method, path = row.operation.split(" ")
    told = violations(repository, method, path, row.body)
    faults = [f"{row.operation}: a well-formed request is refused: {each['violation']}" for each in told]
    for method, path, body in wrong:
        if not violations(repository, method, path, body):
            faults.append(f"{row.operation}: passes in silence: {method} {path} {json.dumps(body)}")
    return faults


def violations(repository: str, method: str, path: str, body) -> list:
    """What the judge says of one request."""
    before = len(bed.log(f"{LOG}.violations"))
    path = re.sub(r"\{(\w+_number|\w+_id)\}", "1", path)
    path = path.replace("{basehead}", "main...main").replace("{ref}", "heads/main" if "/git/" in path else "main")
    path = re.sub(r"\{\w+_sha\}|\{sha\}", SHA, path)
    path = re.sub(r"\{\w+\}", "a", path)
    bed.ask(method, path if path in ("/rate_limit", "/user") else f"/repos/{repository}{path}", body, bed.PERSON)
    return bed.log(f"{LOG}.violations")[before:]


if __name__ == "__main__":
    main()
