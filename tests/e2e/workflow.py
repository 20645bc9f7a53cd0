"""Runs the real program as a step of a workflow: the variables that a runner sets, the files that it reads afterwards.

Nothing of the environment outside reaches the step but PATH. Variables:
https://docs.github.com/actions/reference/workflows-and-actions/variables
"""

import functools
import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

import bed

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEMO = os.path.join(ROOT, "fixtures", "demo")
CONFIG = os.path.join(DEMO, "perf-gate.yml")
EVENTS = os.path.join(ROOT, "fixtures", "events")

# One run of the program, in seconds: longer than it waits for an answer that does not come.
LIMIT = 240


@dataclass
class Ran:
    """What became of a step."""

    status: int
    printed: str
    requests: list
    seconds: float
    outputs: dict = field(default_factory=dict)
    summary: str = ""
    report: dict | None = None

    def count(self, method: str, pattern: str = "") -> int:
        """How many requests were made with this method and this in their path."""
        return sum(each["method"] == method and pattern in each["path"] for each in self.requests)


def run(arguments: list, token: str | None, folder: str = ROOT, variables: dict | None = None) -> Ran:
    """Runs perf-gate; `variables` are set for it beside the address of the API and the token."""
    environment = {"PATH": os.environ["PATH"], "GITHUB_API_URL": bed.API, "NO_COLOR": "1"}
    if token:
        environment["GITHUB_TOKEN"] = token
    environment |= variables or {}
    before, started = len(bed.log("requests")), time.monotonic()
    done = subprocess.run(
        [os.environ["PERF_GATE_E2E_BINARY"], *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT,
        check=False,
    )
    printed = done.stdout.decode("utf-8", "replace")
    if token and token in printed:
        raise SystemExit(f"the token was printed by perf-gate {' '.join(arguments)}")
    return Ran(done.returncode, printed, bed.log("requests")[before:], time.monotonic() - started)


@functools.cache
def converted() -> str:
    """The demonstration's results in perf-gate's own format, which is read at once."""
    path = os.path.join(bed.FOLDER, "candidate.json")
    candidate = os.path.join(DEMO, "candidate")
    names = [os.path.join(candidate, name) for name in sorted(os.listdir(candidate))]
    ran = run(["convert", *names, "--config", CONFIG, "--output", path], None)
    if ran.status:
        raise SystemExit(f"the demonstration cannot be converted:\n{ran.printed}")
    return path


def workspace(config: str = "") -> str:
    """A checkout with the demonstration's results and configuration, to which `config` is added."""
    folder = tempfile.mkdtemp(dir=bed.FOLDER, prefix="workspace-")
    os.mkdir(os.path.join(folder, "results"))
    shutil.copy2(converted(), os.path.join(folder, "results"))
    configure(folder, config)
    return folder


def configure(folder: str, config: str = "") -> None:
    """Writes the demonstration's configuration, without its store."""
    with open(CONFIG, encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith(("store:", "#"))]
    with open(os.path.join(folder, "perf-gate.yml"), "w", encoding="utf-8") as file:
        file.write("".join(lines) + config)


def payload(name: str) -> dict:
    """One of GitHub's examples."""
    with open(os.path.join(EVENTS, f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


@dataclass
class Step:
    """A step of a workflow that uses the action."""

    repository: str
    event: str
    payload: dict
    sha: str
    ref: str
    inputs: dict = field(default_factory=dict)
    head_ref: str = ""
    base_ref: str = ""
    run_id: int = 1
    attempt: int = 1
    job: str = "load"
    secrets: dict = field(default_factory=dict)

    def variables(self, folder: str, token: str) -> dict:
        """What the runner sets, with the files that it makes for the step."""
        files = {name: os.path.join(folder, f".{name.lower()}") for name in FILES}
        for path in files.values():
            with open(path, "w", encoding="utf-8"):
                pass
        with open(files["GITHUB_EVENT_PATH"], "w", encoding="utf-8") as file:
            json.dump(self.payload, file)
        inputs = {"results": "results/*", "github-token": token, **self.inputs}
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": bed.OWNER,
            "GITHUB_API_URL": bed.API,
            "GITHUB_BASE_REF": self.base_ref,
            "GITHUB_EVENT_NAME": self.event,
            "GITHUB_HEAD_REF": self.head_ref,
            "GITHUB_JOB": self.job,
            "GITHUB_REF": self.ref,
            "GITHUB_REF_NAME": self.ref.removeprefix("refs/heads/").removeprefix("refs/pull/"),
            "GITHUB_REF_TYPE": "branch",
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_REPOSITORY_OWNER": self.repository.partition("/")[0],
            "GITHUB_RUN_ATTEMPT": str(self.attempt),
            "GITHUB_RUN_ID": str(self.run_id),
            "GITHUB_RUN_NUMBER": str(self.run_id),
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": self.sha,
            "GITHUB_WORKFLOW": "performance",
            "GITHUB_WORKSPACE": folder,
            "RUNNER_ARCH": "X64",
            "RUNNER_OS": "Linux",
            **files,
            **{f"INPUT_{name.replace(' ', '_').upper()}": value for name, value in inputs.items()},
            **self.secrets,
        }


FILES = ("GITHUB_EVENT_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")


def action(step: Step, token: str, folder: str | None = None) -> Ran:
    """Runs the action's program for a step, in a workspace."""
    folder = folder or workspace()
    variables = step.variables(folder, token)
    # The token comes as an input alone, as it does to a container.
    ran = run(["action"], None, folder, variables)
    if token in ran.printed:
        raise SystemExit("the token was printed by the action")
    with open(variables["GITHUB_OUTPUT"], encoding="utf-8") as file:
        ran.outputs = outputs(file.read())
    with open(variables["GITHUB_STEP_SUMMARY"], encoding="utf-8") as file:
        ran.summary = file.read()
    saved = os.path.join(folder, step.inputs.get("report", "perf-gate-report.json"))
    if os.path.exists(saved):
        with open(saved, encoding="utf-8") as file:
            ran.report = json.load(file)
    return ran


def left_out(ran: Ran) -> bool:
    """Whether something beside the judgement went wrong."""
    return "was left out: " in ran.printed


def outputs(text: str) -> dict:
    """Outputs as the runner reads them: `name=value`, or `name<<END` with lines up to END."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, multi, end = line.partition("<<")
        if multi and "=" not in name:
            value = []
            for part in lines:
                if part == end:
                    break
                value.append(part)
            else:
                raise SystemExit(f"the output {name} has no end")
            found[name] = "\n".join(value)
        elif line:
            name, _, value = line.partition("=")
            found[name] = value
    return found
