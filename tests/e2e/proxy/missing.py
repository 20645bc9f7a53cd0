"""What emulate lacks of GitHub and perf-gate uses: commit statuses, pull requests of a commit, permissions, dispatches,
and the limits of texts.

Answers are built to GitHub's description; the judge reads them on their way. Statuses and dispatches are kept for as
long as the proxy runs.
"""

import asyncio
import json
import os
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote, urlsplit

from mitmproxy import http

from tokens import Tokens, bearer

# The longest text of an issue or comment, in characters; GitHub refuses more.
LONGEST_BODY = 65_536
# The longest description of a commit status.
LONGEST_DESCRIPTION = 140
# The longest title of an issue.
LONGEST_TITLE = 256

# Who may do what in every repository of the bed.
PEOPLE = {"octocat": "admin", "dev1": "write", "guest": "read", "stranger": "none"}

# Links name the front, or a client would leave the bed on page 2.
FRONT = f"http://127.0.0.1:{os.environ['BED_FRONT_PORT']}"

STATES = ("error", "failure", "pending", "success")
REPOSITORY = r"/repos/([^/]+/[^/]+)"
USER = "/user"


class Missing:
    """The operations by method and path, and what they remember."""

    def __init__(self, server: str, tokens: Tokens) -> None:
        self.server = server
        self.tokens = tokens
        self.statuses: dict[str, list] = {}
        self.dispatches: list = []
        self.routes = [
            ("GET", USER, self.user),
            ("POST", r"/statuses/([^/]+)", self.create_status),
            ("GET", r"/commits/(.+)/statuses", self.list_statuses),
            ("GET", r"/commits/(.+)/status", self.combined_status),
            ("GET", r"/commits/([^/]+)/pulls", self.pulls_of_commit),
            ("GET", r"/collaborators/([^/]+)/permission", self.permission),
            ("GET", r"/assignees/([^/]+)", self.assignee),
            ("GET", r"/assignees()", self.assignees),
            ("POST", r"/dispatches()", self.dispatch),
            ("POST|PATCH", r"/issues(/.+)?", self.limits),
        ]

    def state(self) -> dict:
        return {"statuses": self.statuses, "dispatches": self.dispatches}

    async def request(self, flow: http.HTTPFlow) -> None:
        path = flow.request.path.partition("?")[0]
        for method, pattern, operation in self.routes:
            found = re.fullmatch(pattern if pattern == USER else REPOSITORY + pattern, path)
            if found and re.fullmatch(method, flow.request.method):
                flow.response = await operation(flow.request, *found.groups())
                return

    def response(self, flow: http.HTTPFlow) -> None:
        """Where emulate says something else than GitHub would.

        Links to the next page name the server itself. A workflow's token is told `Forbidden` and not why. Addresses of
        apps are not escaped; a hundred times that is more than fits into the header in which the judge tells it.
        """
        if flow.response.status_code == 403 and self.tokens.known.get(bearer(flow.request)) is not None:
            flow.response = forbidden()
        if "link" in flow.response.headers:
            flow.response.headers["link"] = flow.response.headers["link"].replace(self.server, FRONT)
        if b"[bot]" in (flow.response.content or b""):
            flow.response.content = re.sub(rb'("\w*url":"[^"]*)\[bot\]', rb"\1%5Bbot%5D", flow.response.content)

    async def user(self, request: http.Request) -> http.Response | None:
        """A workflow's token is no person's."""
        return forbidden() if self.tokens.known.get(bearer(request)) is not None else None

    async def create_status(self, request: http.Request, repository: str, sha: str) -> http.Response:
        if not self.tokens.may(request, "statuses"):
            return forbidden()
        sent = body_of(request)
        if sent.get("state") not in STATES:
            return invalid("Status", "state", "State is not included in the list")
        if len(sent.get("description") or "") > LONGEST_DESCRIPTION:
            return invalid("Status", "description", "description is too long (maximum is 140 characters)")
        if await self.ask(request, f"/repos/{repository}/git/commits/{sha}") is None:
            return as_json(422, {"message": f"No commit found for SHA: {sha}"})
        statuses = self.statuses.setdefault(f"{repository}@{sha}", [])
        status = self.status(request, repository, sha, sent)
        statuses.insert(0, status)
        return as_json(201, status)

    def status(self, request: http.Request, repository: str, sha: str, sent: dict) -> dict:
        number = 1 + sum(len(each) for each in self.statuses.values())
        is_app = self.tokens.known.get(bearer(request)) is not None
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "url": f"https://api.github.com/repos/{repository}/statuses/{sha}",
            "avatar_url": "https://avatars.githubusercontent.com/u/1",
            "id": number,
            "node_id": f"SC_{number}",
            "state": sent["state"],
            "description": sent.get("description"),
            "target_url": sent.get("target_url"),
            "context": sent.get("context") or "default",
            "created_at": now,
            "updated_at": now,
            "creator": user("github-actions[bot]" if is_app else "octocat"),
        }

    async def list_statuses(self, request: http.Request, repository: str, ref: str) -> http.Response:
        statuses = await self.statuses_of(request, repository, ref)
        return not_found() if statuses is None else listed(request, statuses)

    async def combined_status(self, request: http.Request, repository: str, ref: str) -> http.Response:
        statuses = await self.statuses_of(request, repository, ref)
        whole = await self.ask(request, f"/repos/{repository}")
        if statuses is None or whole is None:
            return not_found()
        latest: dict[str, dict] = {}
        for status in reversed(statuses):
            # Contexts that differ by case alone are one.
            latest[status["context"].lower()] = {key: value for key, value in status.items() if key != "creator"}
        sha = (await self.ask(request, f"/repos/{repository}/commits/{ref}"))["sha"]
        address = f"https://api.github.com/repos/{repository}/commits/{sha}"
        together = {"state": combined(latest.values()), "statuses": list(latest.values()), "sha": sha}
        together |= {"total_count": len(latest), "repository": whole, "commit_url": address, "url": f"{address}/status"}
        return as_json(200, together)

    async def statuses_of(self, request: http.Request, repository: str, ref: str) -> list | None:
        commit = await self.ask(request, f"/repos/{repository}/commits/{ref}")
        return None if commit is None else self.statuses.get(f"{repository}@{commit['sha']}", [])

    async def pulls_of_commit(self, request: http.Request, repository: str, sha: str) -> http.Response:
        found = []
        for pull in await self.ask(request, f"/repos/{repository}/pulls?state=all&per_page=100") or []:
            commits = await self.ask(request, f"/repos/{repository}/pulls/{pull['number']}/commits?per_page=100") or []
            if sha in (pull["head"]["sha"], pull["merge_commit_sha"], *(commit["sha"] for commit in commits)):
                found.append(pull)
        return listed(request, found)

    async def permission(self, _request: http.Request, _repository: str, login: str) -> http.Response:
        permission = PEOPLE.get(login)
        if permission is None:
            return not_found()
        may = {
            "pull": "read write admin",
            "triage": "admin",
            "push": "write admin",
            "maintain": "admin",
            "admin": "admin",
        }
        permissions = {name: permission in who.split() for name, who in may.items()}
        whole = {**user(login), "permissions": permissions, "role_name": permission}
        return as_json(200, {"permission": permission, "role_name": permission, "user": whole})

    async def assignee(self, _request: http.Request, _repository: str, login: str) -> http.Response:
        # People who may not write cannot be assigned.
        return http.Response.make(204) if PEOPLE.get(login) in ("admin", "write") else not_found()

    async def assignees(self, request: http.Request, _repository: str, _: str) -> http.Response:
        return listed(request, [user(login) for login, may in PEOPLE.items() if may in ("admin", "write")])

    async def dispatch(self, request: http.Request, repository: str, _: str) -> http.Response:
        if not self.tokens.may(request, "contents"):
            return forbidden()
        sent = body_of(request)
        if len(sent.get("client_payload") or {}) > 10:
            return as_json(422, {"message": "No more than 10 properties are allowed; more were supplied."})
        self.dispatches.append({"repository": repository, **sent})
        return http.Response.make(204)

    async def limits(self, request: http.Request, _repository: str, _rest: str) -> http.Response | None:
        sent = body_of(request)
        resource = "IssueComment" if "/comments" in request.path else "Issue"
        if len(str(sent.get("body") or "")) > LONGEST_BODY:
            return invalid(resource, "body", "body is too long (maximum is 65536 characters)")
        if len(str(sent.get("title") or "")) > LONGEST_TITLE:
            return invalid(resource, "title", "title is too long (maximum is 256 characters)")
        if sent.get("state") not in (None, "open", "closed"):
            return invalid(resource, "state", "state is not included in the list")
        return None

    async def ask(self, request: http.Request, path: str):
        """What the server behind says, with the same token; `None` where it has nothing."""
        headers = {"authorization": request.headers.get("authorization", "")}
        return await asyncio.to_thread(fetch, urllib.request.Request(self.server + path, headers=headers))


def fetch(request: urllib.request.Request):
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError:
        return None


def combined(statuses) -> str:
    states = {status["state"] for status in statuses}
    if states & {"error", "failure"}:
        return "failure"
    return "pending" if not states or "pending" in states else "success"


def listed(request: http.Request, items: list) -> http.Response:
    """One page of a list, with the link to the next one."""
    query = parse_qs(urlsplit(request.path).query)
    size, number = (int(query.get(name, [usual])[0]) for name, usual in (("per_page", 30), ("page", 1)))
    answer = as_json(200, items[(number - 1) * size : number * size])
    if number * size < len(items):
        path = request.path.partition("?")[0]
        answer.headers["link"] = f'<{FRONT}{path}?per_page={size}&page={number + 1}>; rel="next"'
    return answer


def user(login: str) -> dict:
    """A person, or the app that a workflow's token belongs to."""
    address = f"https://api.github.com/users/{quote(login)}"
    links = "followers following gists starred subscriptions organizations repos events received_events".split()
    return {
        "login": login,
        "id": sum(login.encode()),
        "node_id": f"U_{login}",
        "avatar_url": "https://avatars.githubusercontent.com/u/1",
        "gravatar_id": "",
        "url": address,
        "html_url": f"https://github.com/{quote(login)}",
        **{f"{name}_url": f"{address}/{name}" for name in links},
        "type": "Bot" if login.endswith("[bot]") else "User",
        "site_admin": False,
    }


def body_of(request: http.Request) -> dict:
    try:
        sent = json.loads(request.content or b"{}")
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}


def invalid(resource: str, field: str, message: str) -> http.Response:
    error = {"resource": resource, "code": "custom", "field": field, "message": message}
    return as_json(
        422, {"message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.github.com/rest"}
    )


def forbidden() -> http.Response:
    message = "Resource not accessible by integration"
    return as_json(403, {"message": message, "documentation_url": "https://docs.github.com/rest", "status": "403"})


def not_found() -> http.Response:
    return as_json(404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"})


def as_json(status: int, body) -> http.Response:
    return http.Response.make(status, json.dumps(body), {"content-type": "application/json; charset=utf-8"})
