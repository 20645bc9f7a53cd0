"""Proves the bed itself: each fault happens as it is called, and what the back adds is what GitHub describes."""

import http.client
import sys
import time
import urllib.error

import bed

# Where a second passes between two attempts, less is too soon.
LATE = 1.0

READ_ONLY = "Resource not accessible by integration"


def main() -> None:
    repository = bed.new_repository("proven")
    issue = bed.seed("POST", f"/repos/{repository}/issues", {"title": "of the faults"})["number"]
    faults = [name for name, holds in {**kinds(repository, issue), **additions(repository)}.items() if not holds]
    bed.control("DELETE", "/_bed/fault")
    faults += [f"{each['method']} {each['path']}: {each['violation']}" for each in bed.log("bed.answers")]
    faults += [f"{each['method']} {each['path']}: {each['violation']}" for each in bed.log("bed.violations")]
    bed.control("POST", "/_bed/log", {"name": ""})
    if faults:
        sys.exit("does not hold:\n" + "\n".join(faults))
    print("9 kinds of faults happen as they are called; what the servers lack is added as described")


def kinds(repository: str, issue: int) -> dict:
    """Every fault on the creation of a comment: what the client sees, and whether the comment is there."""
    bed.control("POST", "/_bed/log", {"name": "faults"})
    path = f"/repos/{repository}/issues/{issue}/comments"
    held = {}

    def strike(kind: str, seen, written: bool, **more) -> None:
        before = len(bed.every(path))
        bed.control("POST", "/_bed/fault", {"method": "POST", "path": r"/issues/\d+/comments", "kind": kind, **more})
        held[f"{kind} is seen"] = seen(attempt(path))
        held[f"{kind}: {'a' if written else 'no'} comment"] = len(bed.every(path)) - before == written
        held[f"{kind} happens once"] = attempt(path).status == 201

    strike("403-retry-after", lambda got: got.status == 403 and got.headers["retry-after"] == "1", False)
    strike("429", lambda got: got.status == 429 and got.headers["retry-after"] == "1", False)
    strike("502-before", lambda got: got.status == 502, False)
    strike("502-after", lambda got: got.status == 502, True)
    strike("reset", lambda got: isinstance(got, ConnectionError), False)
    strike("reset-after", lambda got: isinstance(got, ConnectionError), True)
    strike("truncated", lambda got: isinstance(got, http.client.IncompleteRead), True)
    strike(
        "answer",
        lambda got: got.status == 422 and got.body["message"] == "no",
        False,
        status=422,
        body={"message": "no"},
    )
    started = time.monotonic()
    strike("slow", lambda got: got.status == 201 and time.monotonic() - started >= LATE, True, seconds=LATE)
    return held


def attempt(path: str):
    """The answer, or the error that came instead of one."""
    try:
        return bed.ask("POST", path, {"body": "said"})
    except urllib.error.URLError as error:
        return error.reason
    except (ConnectionError, http.client.HTTPException, TimeoutError) as error:
        return error


def additions(repository: str) -> dict:
    """What the back adds, asked as a client does."""
    bed.control("POST", "/_bed/log", {"name": "bed"})
    root = f"/repos/{repository}"
    sha = bed.seed("GET", f"{root}/git/ref/heads/main")["object"]["sha"]
    writer, reader = bed.mint(bed.WRITE), bed.mint(bed.READ)
    status = {"state": "failure", "context": "perf-gate", "description": "worse"}
    first = bed.ask("POST", f"{root}/statuses/{sha}", status, writer)
    bed.ask("POST", f"{root}/statuses/{sha}", {**status, "state": "success"}, writer)
    bed.ask("POST", f"{root}/statuses/{sha}", {"state": "pending", "context": "other"}, writer)
    both = bed.ask("GET", f"{root}/commits/main/status", token=reader).body
    listed = bed.ask("GET", f"{root}/commits/{sha}/statuses?per_page=2", token=reader)
    pull = pull_request(root, sha)
    pulls = bed.ask("GET", f"{root}/commits/{pull['head']['sha']}/pulls", token=reader).body
    sent = bed.ask("POST", f"{root}/dispatches", {"event_type": "critical", "client_payload": {"a": 1}}, writer)
    permissions = {login: permission(root, login) for login in ("octocat", "dev1", "guest", "stranger")}
    bed.control("POST", "/_bed/log", {"name": "refused"})
    refused = {
        "a reader sets no status": (403, bed.ask("POST", f"{root}/statuses/{sha}", status, reader)),
        "an app is no person": (403, bed.ask("GET", "/user", token=writer)),
        "a reader sends no event": (403, bed.ask("POST", f"{root}/dispatches", {"event_type": "e"}, reader)),
        "a reader writes no issue": (403, bed.ask("POST", f"{root}/issues", {"title": "t"}, reader)),
        "a stray token is refused": (401, bed.ask("GET", root, token="stray")),
        "a body has its limit": (422, bed.ask("POST", f"{root}/issues", {"title": "t", "body": "a" * 65_537})),
        "a title has its limit": (422, bed.ask("POST", f"{root}/issues", {"title": "t" * 257})),
        "a description has its limit": (
            422,
            bed.ask("POST", f"{root}/statuses/{sha}", {**status, "description": "a" * 141}, writer),
        ),
        "a status needs a commit": (422, bed.ask("POST", f"{root}/statuses/{'0' * 40}", status, writer)),
        "an unknown person has no permission": (404, bed.ask("GET", f"{root}/collaborators/nobody/permission")),
    }
    bed.control("POST", "/_bed/log", {"name": "bed"})
    return {
        "a status is made by the app": first.status == 201 and first.body["creator"]["login"] == "github-actions[bot]",
        "the latest of each context counts": both["state"] == "pending" and both["total_count"] == 2,
        "statuses come in pages": len(listed.body) == 2 and bed.API in listed.headers.get("link", ""),
        "a commit knows its pull request": [each["number"] for each in pulls] == [pull["number"]],
        "a dispatch is remembered": sent.status == 204
        and bed.control("GET", "/_bed/state")["dispatches"][-1]["client_payload"] == {"a": 1},
        "people have permissions": permissions
        == {"octocat": "admin", "dev1": "write", "guest": "read", "stranger": "none"},
        "a hundred comments can be judged": hundred(root, writer),
        "GitHub says what a token may not": READ_ONLY in str(refused["a reader writes no issue"][1].body),
        **{name: got.status == status for name, (status, got) in refused.items()},
    }


def permission(root: str, login: str) -> str:
    return bed.ask("GET", f"{root}/collaborators/{login}/permission").body["permission"]


def pull_request(root: str, sha: str) -> dict:
    """A pull request with a commit of its own."""
    tree = bed.seed(
        "POST", f"{root}/git/trees", {"tree": [{"path": "a", "mode": "100644", "type": "blob", "content": "a"}]}
    )
    commit = bed.seed("POST", f"{root}/git/commits", {"message": "a", "tree": tree["sha"], "parents": [sha]})
    bed.seed("POST", f"{root}/git/refs", {"ref": "refs/heads/topic", "sha": commit["sha"]})
    return bed.seed("POST", f"{root}/pulls", {"title": "a", "head": "topic", "base": "main"})


def hundred(root: str, token: str) -> bool:
    """The judge tells in a header what it thinks of an answer; a long list must not break it."""
    issue = bed.seed("POST", f"{root}/issues", {"title": "long"})["number"]
    for number in range(101):
        bed.seed("POST", f"{root}/issues/{issue}/comments", {"body": f"{number}"}, token)
    page = bed.ask("GET", f"{root}/issues/{issue}/comments?per_page=100")
    return len(page.body) == 100 and f"{bed.API}/" in page.headers["link"]


if __name__ == "__main__":
    main()
