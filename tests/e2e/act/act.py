"""Runs workflows by act, with container actions and all, against the bed.

`probe` is a trivial action of two build stages: when it fails, containers do not run here, and nothing else is to blame.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import bed  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
RUNNER = "ubuntu-latest=localhost/runner:1"

# A run of a workflow, in seconds, with the build of an image.
LIMIT = 1200


def act(folder: str, event: str, payload: dict, token: str, **more) -> tuple[int, str]:
    """Runs the workflows of a folder for an event; exit status and what act printed."""
    path = os.path.join(folder, "event.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(payload, file)
    program = os.path.join(os.path.dirname(sys.executable), "act")
    # No socket is handed to the steps; images are those that were made here.
    command = [program, event, "-e", path, "-P", RUNNER, "--pull=false", "--container-daemon-socket", "-", "--rm"]
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
        start_new_session=True,
    ) as run:
        try:
            printed, _ = run.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
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


def main() -> None:
    probe()


if __name__ == "__main__":
    main()
