"""What went through the front: every request, and everything the judge had to say, a JSON object a line.

`requests.jsonl`: time, method, path, status (0: no answer). `violations.jsonl`: requests that GitHub's description
does not allow. `answers.jsonl`: answers of the servers that it does not allow; those are not the client's fault and
only listed.
"""

import json
import os
import time

from mitmproxy import http

# The judge's opinion on an exchange, added by it to the answer.
HEADER = "sl-violations"


class Log:
    """Appends to files in a folder; a name in front of theirs keeps what is provoked apart from what happens."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.name = ""
        for name in ("requests", "violations", "answers"):
            self.write(name)

    def arrived(self, flow: http.HTTPFlow) -> None:
        flow.metadata["path"] = flow.request.path
        flow.metadata["time"] = time.time()

    def answered(self, flow: http.HTTPFlow) -> None:
        about = {"time": flow.metadata["time"], "method": flow.request.method, "path": flow.metadata["path"]}
        about["status"] = flow.response.status_code
        self.write("requests", about)
        told = flow.response.headers.pop(HEADER, None)
        for violation in json.loads(told) if told else []:
            # A route that is not described is told as a warning about the request.
            file = "violations" if violation["location"][0] == "request" else "answers"
            self.write(file, {**about, "violation": violation, "sent": excerpt(flow.request)})

    def unanswered(self, flow: http.HTTPFlow) -> None:
        path = flow.metadata["path"]
        self.write(
            "requests", {"time": flow.metadata["time"], "method": flow.request.method, "path": path, "status": 0}
        )

    def write(self, file: str, *lines: dict) -> None:
        name = f"{self.name}.{file}" if self.name else file
        with open(os.path.join(self.folder, f"{name}.jsonl"), "a", encoding="utf-8") as out:
            out.writelines(json.dumps(line) + "\n" for line in lines)


def excerpt(request: http.Request) -> str:
    return (request.content or b"")[:2000].decode("utf-8", "replace")
