"""Repositories to work on, with a history and pull requests, and what is found there afterwards."""

import base64
import json
import os
from dataclasses import dataclass

import bed
from workflow import DEMO

# Branch that keeps the history, as the action names it.
RESULTS = "perf-results"
# How many runs the demonstration's history has.
BEFORE = 5


# Who commits, and when: the same files on the same commit are the same commit.
SOMEBODY = {"name": "somebody", "email": "somebody@example.org", "date": "2026-01-01T00:00:00Z"}


@dataclass
class Pull:
    """A pull request and its two ends."""

    number: int
    head: str
    base: str
    branch: str
    repository: str


def repository(name: str, history: bool = True) -> str:
    """A new repository, with the history of the demonstration on its results branch if wanted."""
    full = bed.new_repository(name)
    if history:
        files = {}
        for folder, _, names in os.walk(os.path.join(DEMO, "history")):
            for each in names:
                path = os.path.join(folder, each)
                with open(path, encoding="utf-8") as file:
                    files[os.path.relpath(path, os.path.join(DEMO, "history"))] = file.read()
        branch(full, RESULTS, commit(full, files, []))
    return full


def tip(full: str, name: str = "main") -> str:
    """The commit that a branch is at."""
    return bed.seed("GET", f"/repos/{full}/git/ref/heads/{name}")["object"]["sha"]


def commit(full: str, files: dict, parents: list, token: str | None = None) -> str:
    """A commit with these files beside those of its parent."""
    root = f"/repos/{full}/git"
    tree = {"tree": [{"path": path, "mode": "100644", "type": "blob", "content": text} for path, text in files.items()]}
    if parents:
        tree["base_tree"] = bed.seed("GET", f"{root}/commits/{parents[0]}", token=token)["tree"]["sha"]
    sha = bed.seed("POST", f"{root}/trees", tree, token)["sha"]
    body = {"message": f"change {', '.join(files)}"[:100], "tree": sha, "parents": parents, "author": SOMEBODY}
    body["committer"] = SOMEBODY
    return bed.seed("POST", f"{root}/commits", body, token)["sha"]


def branch(full: str, name: str, sha: str, token: str | None = None) -> None:
    bed.seed("POST", f"/repos/{full}/git/refs", {"ref": f"refs/heads/{name}", "sha": sha}, token)


def pull_request(full: str, name: str = "topic") -> Pull:
    """A pull request from a branch of the same repository."""
    base = tip(full)
    head = commit(full, {f"{name}.txt": name}, [base])
    branch(full, name, head)
    pull = bed.seed("POST", f"/repos/{full}/pulls", {"title": f"Change {name}", "head": name, "base": "main"})
    return Pull(pull["number"], head, base, name, full)


def fork(full: str, name: str = "topic") -> Pull:
    """A pull request from somebody else's copy of the repository.

    On GitHub a repository and its forks share their commits. Here each has its own, so the same ones are made in both.
    """
    copy = bed.seed("POST", f"/repos/{full}/forks", {}, bed.FORKER)["full_name"]
    for each, token in ((full, None), (copy, bed.FORKER)):
        base = commit(each, {"README.md": "what both start from"}, [], token)
        head = commit(each, {f"{name}.txt": "from a fork"}, [base], token)
        bed.seed("PATCH", f"/repos/{each}/git/refs/heads/main", {"sha": base, "force": True}, token)
    branch(copy, name, head, bed.FORKER)
    title = {"title": f"Change {name}", "head": f"{copy.partition('/')[0]}:{name}", "base": "main"}
    pull = bed.seed("POST", f"/repos/{full}/pulls", title, bed.FORKER)
    return Pull(pull["number"], head, base, name, copy)


def files(full: str, name: str = RESULTS) -> dict:
    """Paths and blobs of a branch; empty if it is not there."""
    found = bed.ask("GET", f"/repos/{full}/git/ref/heads/{name}", token=bed.owner(), base=bed.SERVER)
    if found.status == 404:
        return {}
    tree = bed.seed("GET", f"/repos/{full}/git/trees/{found.body['object']['sha']}?recursive=1")["tree"]
    return {entry["path"]: entry["sha"] for entry in tree if entry["type"] == "blob"}


def text(full: str, sha: str) -> str:
    return base64.b64decode(bed.seed("GET", f"/repos/{full}/git/blobs/{sha}")["content"]).decode()


def runs(full: str) -> list:
    """Ids of the runs on the results branch, as their files and the summaries of their days have them.

    A run that is there twice, or that only one of the two has, ends the test.
    """
    found = files(full)
    whole = [json.loads(text(full, sha))["id"] for path, sha in found.items() if path.startswith("runs/")]
    days = [json.loads(text(full, sha)) for path, sha in found.items() if path.startswith("days/")]
    summaries = [record["id"] for day in days for record in day["records"]]
    if sorted(whole) != sorted(summaries) or len(set(whole)) != len(whole):
        raise AssertionError(f"runs {sorted(whole)}, in days {sorted(summaries)}")
    return sorted(whole)


def comments(full: str, number: int) -> list:
    return bed.every(f"/repos/{full}/issues/{number}/comments")


def statuses(full: str, sha: str) -> list:
    """What was set on a commit, the latest first."""
    return bed.control("GET", "/_bed/state")["statuses"].get(f"{full}@{sha}", [])


def issues(full: str) -> list:
    """Issues, open and closed, that are no pull requests."""
    return [each for each in bed.every(f"/repos/{full}/issues?state=all") if "pull_request" not in each]
