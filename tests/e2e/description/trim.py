#!/usr/bin/env python3
"""Cuts GitHub's description of its REST API down to the operations that perf-gate uses, and repairs it for the judge.

    trim.py api.github.com.json github.json.gz

The operations are listed here one by one, on purpose: a call of anything else is a violation, and `judge.py` demands
a malformed request for every one of them. To use another operation, add its line, run this again, and give `judge.py`
a row.

Two things of the description are beyond the judge (prism 5) and are repaired:

* `nullable` without `type` makes a schema that does not compile, and a schema that does not compile lets everything
  pass in silence. It becomes an alternative that allows null and nothing else.
* A parameter in a path matches one segment, while a ref or the path of a file has several. Such paths get twins with
  more segments. (That is a limit of OpenAPI itself; GitHub's description ignores it.)

A third one only concerns a mock, which answers the example of a documented 4xx instead of the reason. The judge is a
proxy and answers nothing itself; examples are dropped all the same, for size.
"""

import copy
import gzip
import json
import sys

REPOSITORY = "/repos/{owner}/{repo}"

OPERATIONS = """
GET    /rate_limit
GET    /user
GET    /repos/{owner}/{repo}
GET    /repos/{owner}/{repo}/git/ref/{ref}
GET    /repos/{owner}/{repo}/git/matching-refs/{ref}
POST   /repos/{owner}/{repo}/git/refs
PATCH  /repos/{owner}/{repo}/git/refs/{ref}
DELETE /repos/{owner}/{repo}/git/refs/{ref}
GET    /repos/{owner}/{repo}/git/blobs/{file_sha}
POST   /repos/{owner}/{repo}/git/blobs
GET    /repos/{owner}/{repo}/git/trees/{tree_sha}
POST   /repos/{owner}/{repo}/git/trees
GET    /repos/{owner}/{repo}/git/commits/{commit_sha}
POST   /repos/{owner}/{repo}/git/commits
GET    /repos/{owner}/{repo}/contents/{path}
PUT    /repos/{owner}/{repo}/contents/{path}
GET    /repos/{owner}/{repo}/branches/{branch}
GET    /repos/{owner}/{repo}/commits
GET    /repos/{owner}/{repo}/commits/{ref}
GET    /repos/{owner}/{repo}/commits/{ref}/check-runs
GET    /repos/{owner}/{repo}/commits/{ref}/status
GET    /repos/{owner}/{repo}/commits/{ref}/statuses
GET    /repos/{owner}/{repo}/commits/{commit_sha}/pulls
GET    /repos/{owner}/{repo}/compare/{basehead}
POST   /repos/{owner}/{repo}/statuses/{sha}
POST   /repos/{owner}/{repo}/check-runs
PATCH  /repos/{owner}/{repo}/check-runs/{check_run_id}
GET    /repos/{owner}/{repo}/issues
POST   /repos/{owner}/{repo}/issues
GET    /repos/{owner}/{repo}/issues/{issue_number}
PATCH  /repos/{owner}/{repo}/issues/{issue_number}
GET    /repos/{owner}/{repo}/issues/{issue_number}/comments
POST   /repos/{owner}/{repo}/issues/{issue_number}/comments
POST   /repos/{owner}/{repo}/issues/{issue_number}/labels
POST   /repos/{owner}/{repo}/issues/{issue_number}/assignees
GET    /repos/{owner}/{repo}/issues/comments/{comment_id}
PATCH  /repos/{owner}/{repo}/issues/comments/{comment_id}
DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}
GET    /repos/{owner}/{repo}/labels
POST   /repos/{owner}/{repo}/labels
GET    /repos/{owner}/{repo}/labels/{name}
GET    /repos/{owner}/{repo}/assignees
GET    /repos/{owner}/{repo}/assignees/{assignee}
GET    /repos/{owner}/{repo}/collaborators/{username}/permission
GET    /repos/{owner}/{repo}/pulls
GET    /repos/{owner}/{repo}/pulls/{pull_number}
GET    /repos/{owner}/{repo}/pulls/{pull_number}/commits
GET    /repos/{owner}/{repo}/pulls/{pull_number}/files
POST   /repos/{owner}/{repo}/dispatches
GET    /repos/{owner}/{repo}/actions/runs
GET    /repos/{owner}/{repo}/actions/runs/{run_id}
GET    /repos/{owner}/{repo}/actions/runs/{run_id}/jobs
GET    /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts
GET    /repos/{owner}/{repo}/actions/artifacts
"""

# Paths that end in a parameter with slashes, the parameter, and how many segments it may have.
# The longest file is runs/<scenario>/<environment>/<yyyy>/<mm>/<dd>/<name>.json.
SEVERAL_SEGMENTS = [
    ("/contents/{path}", "path", 9),
    ("/git/ref/{ref}", "ref", 5),
    ("/git/refs/{ref}", "ref", 5),
    ("/git/matching-refs/{ref}", "ref", 5),
    ("/branches/{branch}", "branch", 4),
]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def main() -> None:
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        whole = json.load(file)
    trimmed = {"openapi": whole["openapi"], "info": whole["info"], "servers": whole["servers"]}
    trimmed["paths"] = twins(wanted(whole["paths"]))
    trimmed["components"] = components(trimmed["paths"], whole["components"])
    trimmed = repaired(without_examples(trimmed))
    # No time of writing in the file: the same input gives the same bytes.
    with open(target, "wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
        packed.write(json.dumps(trimmed, separators=(",", ":"), sort_keys=True).encode())


def wanted(paths: dict) -> dict:
    """The operations that are listed, with what their paths share."""
    kept: dict = {}
    for line in OPERATIONS.split("\n"):
        if not line:
            continue
        method, path = line.split()
        shared = {key: value for key, value in paths[path].items() if key not in METHODS}
        kept.setdefault(path, shared)[method.lower()] = paths[path][method.lower()]
    return kept


def twins(paths: dict) -> dict:
    """Adds a path for every number of segments that a parameter may have."""
    for end, parameter, most in SEVERAL_SEGMENTS:
        path = REPOSITORY + end
        for count in range(2, most + 1):
            before = [f"{parameter}_{place}" for place in range(1, count)]
            segments = "/".join(f"{{{name}}}" for name in [*before, parameter])
            paths[path.replace(f"{{{parameter}}}", segments)] = twin(paths[path], before)
    return paths


def twin(path: dict, names: list) -> dict:
    path = copy.deepcopy(path)
    for method in METHODS:
        if method in path:
            path[method]["operationId"] += f"/{len(names) + 1}"
            more = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
            path[method]["parameters"] = path[method].get("parameters", []) + more
    return path


def components(paths: dict, every: dict) -> dict:
    """What the paths refer to, and what that refers to."""
    kept: dict = {}

    def follow(node) -> None:
        for child in children(node):
            follow(child)
        if isinstance(node, dict) and str(node.get("$ref", "")).startswith("#/components/"):
            kind, name = node["$ref"].split("/", 3)[2:]
            if name not in kept.setdefault(kind, {}):
                kept[kind][name] = every[kind][name]
                follow(every[kind][name])

    follow(paths)
    return kept


def children(node) -> list:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def without_examples(node, of_properties: bool = False):
    """Drops examples and prose; a property may itself be called `description`, so properties keep all their names."""
    if isinstance(node, list):
        return [without_examples(child) for child in node]
    if not isinstance(node, dict):
        return node
    prose = () if of_properties else ("example", "examples", "externalDocs", "x-github", "tags", "summary")
    kept = {key: child for key, child in node.items() if key not in prose}
    if not of_properties and isinstance(kept.get("description"), str):
        # An answer must have a description; nothing else needs one.
        kept["description"] = ""
    return {key: without_examples(child, key == "properties" and not of_properties) for key, child in kept.items()}


def repaired(node):
    """Turns every `nullable` without a type into an alternative."""
    if isinstance(node, list):
        return [repaired(child) for child in node]
    if not isinstance(node, dict):
        return node
    node = {key: repaired(child) for key, child in node.items()}
    if node.get("nullable") is not True or "type" in node:
        return node
    del node["nullable"]
    # prism adds null to the values itself; a null that stood here already would be there twice, which is refused.
    null = {"type": "string", "nullable": True, "enum": []}
    for key in ("oneOf", "anyOf"):
        if key in node:
            return {**node, key: [*node[key], null]}
    return {"anyOf": [node, null]} if node else {}


if __name__ == "__main__":
    main()
