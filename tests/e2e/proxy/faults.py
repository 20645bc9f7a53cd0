"""What goes wrong between a client and GitHub, made to happen by rules.

A rule: `method` (a pattern), `path` (a pattern, found anywhere in the path), `kind`, and, if wanted, `times` (how
often it happens; 1), `skip` (how many matching requests pass before; 0), `seconds` (for `slow`), `status` and `body`
(for `answer`). The first rule that matches and is not used up decides.

| kind | what the client sees | the server has seen the request |
| --- | --- | --- |
| 403-retry-after | the secondary rate limit, with retry-after: 1 | no |
| 429 | too many requests, with retry-after: 1 | no |
| 502-before | a bad gateway | no |
| 502-after | a bad gateway | yes |
| reset | the connection ends without an answer | no |
| reset-after | the connection ends without an answer | yes |
| slow | the right answer, `seconds` late | yes |
| truncated | the right answer, of which the end is missing | yes |
| answer | `status` and `body` | no |
"""

import asyncio
import json
import re

from mitmproxy import http

BEFORE = ("403-retry-after", "429", "502-before", "reset", "answer")
AFTER = ("502-after", "reset-after", "slow", "truncated")

# As GitHub puts it: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


class Faults:
    """The rules, and how often each one happened."""

    def __init__(self) -> None:
        self.rules: list[dict] = []

    def add(self, rule: dict) -> None:
        if rule["kind"] not in BEFORE + AFTER:
            raise ValueError(f"no fault is called {rule['kind']}")
        self.rules.append({"times": 1, "skip": 0, **rule, "happened": 0})

    def mend(self, path: str) -> None:
        self.rules = [rule for rule in self.rules if rule["path"] != path]

    async def request(self, flow: http.HTTPFlow) -> None:
        rule = self.next(flow.request)
        if rule is None:
            return
        flow.metadata["fault"] = rule
        if rule["kind"] == "reset":
            flow.kill()
        elif rule["kind"] in BEFORE:
            flow.response = instead(rule)

    async def response(self, flow: http.HTTPFlow) -> None:
        rule = flow.metadata.get("fault")
        if rule is None or rule["kind"] in BEFORE:
            return
        if rule["kind"] == "slow":
            await asyncio.sleep(rule["seconds"])
        elif rule["kind"] == "reset-after":
            flow.kill()
        elif rule["kind"] == "502-after":
            flow.response = bad_gateway()
        else:
            truncate(flow.response)

    def next(self, request: http.Request) -> dict | None:
        for rule in self.rules:
            if not re.fullmatch(rule["method"], request.method) or not re.search(rule["path"], request.path):
                continue
            if rule["skip"] > 0:
                rule["skip"] -= 1
            elif rule["happened"] < rule["times"]:
                rule["happened"] += 1
                return rule
        return None


def instead(rule: dict) -> http.Response:
    if rule["kind"] == "answer":
        return as_json(rule["status"], rule.get("body", {}))
    if rule["kind"] == "502-before":
        return bad_gateway()
    return as_json(int(rule["kind"][:3]), SECONDARY, {"retry-after": "1"})


def bad_gateway() -> http.Response:
    return http.Response.make(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", {"content-type": "text/html"})


def as_json(status: int, body, headers: dict | None = None) -> http.Response:
    return http.Response.make(status, json.dumps(body), {"content-type": "application/json", **(headers or {})})


def truncate(response: http.Response) -> None:
    """Announces more than is sent, and closes, or the client would wait for the rest."""
    whole = response.raw_content or b""
    response.raw_content = whole[: len(whole) // 2]
    response.headers["content-length"] = str(len(whole))
    response.headers["connection"] = "close"
