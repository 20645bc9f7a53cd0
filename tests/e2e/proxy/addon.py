"""The two reverse proxies of the bed, in one mitmdump process: one in front of the judge, one behind it.

    client ──▶ front (faults, log) ──▶ prism (judge) ──▶ back (what the server lacks) ──▶ emulate (state)

Which of the two a request came through is told by the port. `/_bed/…` on the front is the bed's own control and reaches
neither judge nor server:

    GET    /_bed/state      what the back remembers: statuses, dispatches
    POST   /_bed/token      {"token", "permissions"}: makes a token known; others are refused as GitHub refuses them
    POST   /_bed/fault      {"method", "path", "kind", …}: see faults.py
    GET    /_bed/fault      the faults, with how often each happened
    POST   /_bed/mend       {"path"}: the faults with this pattern happen no more
    DELETE /_bed/fault      no more faults
    POST   /_bed/log        {"name"}: requests and violations go to other files from here on
"""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))

from mitmproxy import http  # noqa: E402

from faults import Faults  # noqa: E402
from log import Log  # noqa: E402
from missing import Missing  # noqa: E402
from tokens import Tokens  # noqa: E402

FRONT_PORT = int(os.environ["BED_FRONT_PORT"])

# GitHub Enterprise has its API under this path, and clients must keep it.
ENTERPRISE = "/api/v3"


class Bed:
    """Sends each event of mitmproxy to the part that is concerned."""

    def __init__(self) -> None:
        self.log = Log(os.environ["BED_LOGS"])
        self.tokens = Tokens()
        self.faults = Faults()
        self.missing = Missing(os.environ["BED_SERVER"], self.tokens)

    async def request(self, flow: http.HTTPFlow) -> None:
        if not is_front(flow):
            await self.missing.request(flow)
        elif flow.request.path.startswith("/_bed/"):
            flow.response = self.control(flow.request)
        else:
            flow.request.path = flow.request.path.removeprefix(ENTERPRISE)
            self.log.arrived(flow)
            self.tokens.request(flow)
            if flow.response is None:
                await self.faults.request(flow)

    async def response(self, flow: http.HTTPFlow) -> None:
        if not is_front(flow):
            self.missing.response(flow)
        elif not flow.request.path.startswith("/_bed/"):
            self.log.answered(flow)
            await self.faults.response(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        if is_front(flow) and "path" in flow.metadata:
            self.log.unanswered(flow)

    def control(self, request: http.Request) -> http.Response:
        body = json.loads(request.content or b"{}")
        match request.method, request.path:
            case "GET", "/_bed/state":
                return answer(200, self.missing.state())
            case "POST", "/_bed/token":
                self.tokens.add(body["token"], body["permissions"])
                return answer(201, {})
            case "POST", "/_bed/fault":
                self.faults.add(body)
                return answer(201, {})
            case "GET", "/_bed/fault":
                return answer(200, self.faults.rules)
            case "POST", "/_bed/mend":
                self.faults.mend(body["path"])
                return answer(200, {})
            case "DELETE", "/_bed/fault":
                self.faults.rules.clear()
                return answer(200, {})
            case "POST", "/_bed/log":
                self.log.name = body["name"]
                return answer(200, {})
        return answer(404, {"message": "no such control"})


def is_front(flow: http.HTTPFlow) -> bool:
    return flow.client_conn.sockname[1] == FRONT_PORT


def answer(status: int, body) -> http.Response:
    return http.Response.make(status, json.dumps(body), {"content-type": "application/json; charset=utf-8"})


addons = [Bed()]
