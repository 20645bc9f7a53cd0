"""The bed as its drivers see it: calls of the API, tokens with a workflow's permissions, faults, logs.

Addresses come from `run` by the environment. What a driver sets up goes to the server directly (`seed`); what it asks
as a client would goes through the front (`ask`).
"""

import itertools
import json
import os
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

API = os.environ.get("PERF_GATE_E2E_API", "")
SERVER = os.environ.get("PERF_GATE_E2E_SERVER", "")
FOLDER = os.environ.get("PERF_GATE_E2E_FOLDER", "")

# The person who owns every repository of the bed.
OWNER = "octocat"
PERSON = f"tok_{OWNER}"
FORKER = "tok_stranger"

# The app behind a workflow's token, and its installation, as GitHub numbers it.
APP = 15368
INSTALLATION = 100
WRITE = {
    "contents": "write",
    "issues": "write",
    "pull_requests": "write",
    "checks": "write",
    "statuses": "write",
    "actions": "read",
    "metadata": "read",
}
READ = dict.fromkeys(WRITE, "read")

# Requests before the owner takes another token; the server allows 5,000 in an hour.
RATE = 4_000
REQUESTS = itertools.count()

# No single answer takes so long, in seconds.
PATIENCE = 20


@dataclass
class Answer:
    """Status and body of an answer; the body is parsed where it is JSON."""

    status: int
    body: object
    headers: dict


def ask(method: str, path: str, body=None, token: str | None = PERSON, base: str | None = None) -> Answer:
    """A request as a client makes it, through the front."""
    headers = {"accept": "application/vnd.github+json", "user-agent": "perf-gate-e2e"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    content = None
    if body is not None:
        content = json.dumps(body).encode()
        headers["content-type"] = "application/json"
    request = urllib.request.Request((base or API) + path, data=content, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return read(answer.status, answer)
    except urllib.error.HTTPError as refused:
        return read(refused.code, refused)


def read(status: int, answer) -> Answer:
    content = answer.read()
    try:
        body = json.loads(content)
    except ValueError:
        body = content.decode("utf-8", "replace")
    return Answer(status, body, {name.lower(): value for name, value in answer.headers.items()})


def seed(method: str, path: str, body=None, token: str | None = None):
    """A request that sets the scene, by the owner if nobody else: past judge and faults, and it must succeed."""
    answer = ask(method, path, body, token or owner(), SERVER)
    if answer.status >= 300:
        raise SystemExit(f"the bed cannot be set up: {method} {path}: {answer.status} {answer.body}")
    return answer.body


def owner() -> str:
    """A token of the owner. The server counts requests by token, and takes unknown ones for its first user's."""
    return f"{PERSON}-{os.getpid()}-{next(REQUESTS) // RATE}"


def every(path: str, token: str | None = None) -> list:
    """All items of a list, whatever their number, past judge and faults."""
    items: list = []
    for page in range(1, 100):
        joint = "&" if "?" in path else "?"
        more = seed("GET", f"{path}{joint}per_page=100&page={page}", token=token)
        items += more
        if len(more) < 100:
            return items
    raise SystemExit(f"{path} has no end")


def new_repository(name: str, empty: bool = False) -> str:
    """A repository of its own for a case; its full name."""
    return seed("POST", "/user/repos", {"name": name, "auto_init": not empty})["full_name"]


def mint(permissions: dict) -> str:
    """A token as GITHUB_TOKEN is: of an app, with these permissions and no others."""
    import jwt  # pyjwt; only here, so that the rest needs Python alone

    now = int(time.time())
    with open(os.path.join(FOLDER, "app.pem"), encoding="ascii") as key:
        proof = jwt.encode({"iat": now - 30, "exp": now + 500, "iss": str(APP)}, key.read(), algorithm="RS256")
    path = f"/app/installations/{INSTALLATION}/access_tokens"
    token = seed("POST", path, {"permissions": permissions}, proof)["token"]
    control("POST", "/_bed/token", {"token": token, "permissions": permissions})
    return token


def control(method: str, path: str, body=None):
    """A request to the bed's own control."""
    answer = ask(method, path, body, None)
    if answer.status >= 300:
        raise SystemExit(f"the bed does not know {method} {path}: {answer.body}")
    return answer.body


def log(name: str) -> list:
    """The lines of a log: `requests`, `violations`, `answers`, or one of these under a name of its own."""
    path = os.path.join(FOLDER, "logs", f"{name}.jsonl")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def scene(key: str) -> dict:
    """What the server starts with: people, the app, and the repository of the store's tests."""
    people = [OWNER, "dev1", "guest", "stranger"]
    installations = [{"installation_id": INSTALLATION, "account": OWNER, "repository_selection": "all"}]
    app = {"app_id": APP, "slug": "github-actions", "name": "GitHub Actions", "private_key": key, "events": []}
    app |= {"permissions": WRITE, "installations": installations}
    tokens = {f"tok_{login}": {"login": login, "scopes": ["repo", "user"]} for login in people}
    repository = {"owner": OWNER, "name": "store", "auto_init": True}
    return {
        "tokens": tokens,
        "github": {"users": [{"login": login} for login in people], "repos": [repository], "apps": [app]},
    }


def main() -> None:
    match sys.argv[1:]:
        case ["scene", key]:
            with open(key, encoding="ascii") as file:
                print(json.dumps(scene(file.read()), indent=1))
        case ["tokens"]:
            for login in (OWNER, "dev1", "guest", "stranger"):
                control("POST", "/_bed/token", {"token": f"tok_{login}", "permissions": None})
            print(mint(WRITE), mint(READ))
        case _:
            raise SystemExit("usage: bed.py scene KEY | tokens")


if __name__ == "__main__":
    main()
