"""Runs workflows by act, with container actions and all, against the bed.

`probe` is a trivial action of two build stages: when it fails, containers do not run here, and nothing else is to
blame.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import bed  # noqa: E402
import events  # noqa: E402
import scene  # noqa: E402
import steps  # noqa: E402
import workflow  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
RUNNER = "ubuntu-latest=localhost/runner:1"

# Made of the Dockerfile before; the release, too, names the image that it made instead of the Dockerfile.
IMAGE = "localhost/perf-gate:e2e"

# A run of a workflow, in seconds.
LIMIT = 300


def act(folder: str, event: str, payload: dict, token: str, **more) -> tuple[int, str]:
    """Runs the workflows of a folder for an event; exit status and what act printed."""
    path = os.path.join(folder, "event.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(payload, file)
    program = os.path.join(os.path.dirname(sys.executable), "act")
    # No socket is handed to the steps; images are those that were made here.
    command = [
        program,
        event,
        "-e",
        path,
        "-P",
        RUNNER,
        "--pull=false",
        "--container-daemon-socket",
        "-",
        "--rm",
        "--bind",
    ]
    command += ["--env", f"GITHUB_API_URL={bed.API}", "--env", f"GITHUB_SERVER_URL={bed.API}"]
    command += [part for name, value in more.get("env", {}).items() for part in ("--env", f"{name}={value}")]
    command += ["-s", "GITHUB_TOKEN"]
    environment = {**os.environ, "GITHUB_TOKEN": token, "XDG_CACHE_HOME": os.path.join(bed.FOLDER, "act-cache")}
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    ) as run:
        try:
            printed, _ = run.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            run.kill()
            printed, _ = run.communicate()
            return 124, printed + f"\nstopped after {LIMIT} s"
    return run.returncode, printed


def checkout(name: str, repository: str, files: dict) -> str:
    """A folder as `actions/checkout` finds it: files by path, committed, with its origin."""
    folder = os.path.join(bed.FOLDER, "act", name)
    shutil.rmtree(folder, ignore_errors=True)
    for path, source in files.items():
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        (shutil.copytree if os.path.isdir(source) else shutil.copy2)(source, target)
    identity = ["-c", "user.name=bed", "-c", "user.email=bed@localhost"]
    for command in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["remote", "add", "origin", f"https://github.com/{repository}"],
        ["add", "--all"],
        [*identity, "commit", "--quiet", "--message", "files"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def probe() -> None:
    """The trivial action, for a pull request."""
    source = os.path.join(HERE, "probe")
    files = {name: os.path.join(source, name) for name in ("Dockerfile", "action.yml", "probe")}
    files[".github/workflows/probe.yml"] = os.path.join(source, "workflow.yml")
    folder = checkout("probe", "octocat/probe", files)
    payload = {"pull_request": {"number": 7, "head": {"ref": "topic"}, "base": {"ref": "main"}}}
    status, printed = act(folder, "pull_request", payload, "none")
    seen = re.search(r"\| probe: event=(\S*) api=(\S*) outcome=(\S*)", printed)
    if status or not seen or seen.groups() != ("pull_request", bed.API, "failure"):
        sys.exit(f"{printed}\nact cannot run a container action here: exit {status}, {seen and seen.groups()}")
    print("the trivial container action runs")


def action() -> None:
    """The real action, in the image of the Dockerfile, for every event."""
    token = bed.mint(bed.WRITE)
    full = scene.repository("act")
    pull, strange = scene.pull_request(full), scene.fork(scene.repository("act-fork"))
    forked = "octocat/act-fork"
    # The fork's workflow saves its report; the one that may write finds it in its workspace.
    for name, step, may, said, recorded in (
        ("pull_request", steps.pull_request(full, pull), token, "failure failed http", 0),
        ("pull_request-fork", steps.pull_request(forked, strange), bed.mint(bed.READ), "failure failed", 0),
        ("workflow_run", steps.workflow_run(forked, strange), token, "success failed http", 0),
        ("merge_group", steps.merge_group(full, pull), token, "failure failed", 0),
        ("issue_comment", steps.comment(full, pull, "dev1", "/perf-gate approve as decided"), token, "success", 0),
        ("push", steps.push(full), token, "failure failed", 1),
        ("workflow_dispatch", steps.workflow_dispatch(full, run_id=2), token, "failure failed", 1),
        ("schedule", steps.schedule(full, run_id=3), token, "failure failed", 1),
    ):
        before = len(scene.runs(step.repository))
        printed = gate(step, may, said)
        more = len(scene.runs(step.repository)) - before
        if more != recorded:
            sys.exit(f"{printed}\n{name}: {more} runs recorded instead of {recorded}")
    events.told_once(forked, strange)
    events.holds(events.status_of(forked, strange) == "failure", "no status on the fork's commit")
    events.holds(events.status_of(full, pull) == "success", "not approved")


def gate(step: workflow.Step, token: str, said: str) -> str:
    """Runs the workflow for a step; what act printed, in which the action must have said this."""
    folder = os.path.join(bed.FOLDER, "act", step.repository.partition("/")[2])
    if not os.path.exists(folder):
        prepare(folder, step.repository)
    # The runner's own variables; the commit has another name with act.
    taken = (
        "GITHUB_REPOSITORY",
        "GITHUB_REF",
        "GITHUB_REF_NAME",
        "GITHUB_RUN_ID",
        "GITHUB_HEAD_REF",
        "GITHUB_BASE_REF",
    )
    variables = step.variables(tempfile.mkdtemp(dir=bed.FOLDER), token)
    env = {name: variables[name] for name in taken} | {"SHA_REF": step.sha}
    status, printed = act(folder, step.event, step.payload, token, env=env)
    found = re.search(r"\| gate: (.*)", printed)
    if status or not found or not found[1].startswith(said):
        sys.exit(f"{printed}\n{step.event}: exit {status}, the action said {found and found[1]!r} instead of {said!r}")
    if token in printed:
        sys.exit(f"{step.event}: the token was printed")
    took = re.search(r"Main \./ \[(.*?)\]", printed)
    print(f"{step.event}: {found[1]} in {took and took[1]}", flush=True)
    return printed


def prepare(folder: str, repository: str) -> None:
    """A repository with the action, results and a configuration."""
    action = os.path.join(bed.FOLDER, "action.yml")
    with open(os.path.join(workflow.ROOT, "action.yml"), encoding="utf-8") as file:
        text = file.read()
    if text.count("image: Dockerfile\n") != 1:
        sys.exit("action.yml does not say 'image: Dockerfile'")
    with open(action, "w", encoding="utf-8") as file:
        file.write(text.replace("image: Dockerfile\n", f"image: docker://{IMAGE}\n"))
    files = {"action.yml": action, "results": os.path.join(workflow.DEMO, "candidate")}
    files[".github/workflows/performance.yml"] = os.path.join(HERE, "workflow.yml")
    checkout(os.path.basename(folder), repository, files)
    workflow.configure(folder)


def main() -> None:
    if sys.argv[1:] == ["probe"]:
        probe()
    else:
        action()
        print("the action ran in its container for 8 events")


if __name__ == "__main__":
    main()
