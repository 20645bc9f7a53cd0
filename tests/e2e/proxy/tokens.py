"""Which tokens there are, and what each may do.

emulate takes any token for its first user. GitHub says 401, and a client that lost its token must be told so.
"""

import json

from mitmproxy import http


class Tokens:
    """Permissions by token, as a workflow's `permissions:` block names them; `None` is a person's, who may do all."""

    def __init__(self) -> None:
        self.known: dict[str, dict | None] = {}

    def add(self, token: str, permissions: dict | None) -> None:
        self.known[token] = permissions

    def request(self, flow: http.HTTPFlow) -> None:
        token = bearer(flow.request)
        if token and token not in self.known:
            body = {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"}
            flow.response = http.Response.make(401, json.dumps(body), {"content-type": "application/json"})

    def may(self, request: http.Request, permission: str) -> bool:
        """Whether the request's token may write there; no token may write nowhere."""
        token = bearer(request)
        permissions = self.known.get(token, {})
        return permissions is None or permissions.get(permission) == "write"


def bearer(request: http.Request) -> str:
    return request.headers.get("authorization", "").partition(" ")[2]
