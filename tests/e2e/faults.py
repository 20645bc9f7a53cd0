"""Proves that nothing is lost and nothing doubled when GitHub, or the way there, fails.

For each command: it runs once undisturbed, which says what requests it makes and what is there afterwards. Then every
kind of fault strikes every kind of request, once: the exit status and what is there must be the same. Then faults
that do not end: the exit status must say so, nothing may be doubled, and after one more, undisturbed run all must be
there.

Each case has a repository of its own, and its faults are bound to it, so that cases run side by side.
"""

import re
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import bed
import scene
import steps
import workflow

# Cases at a time: most of their time they wait.
SIDE_BY_SIDE = 4

READING = ["403-retry-after", "429", "502-before", "reset", "slow", "truncated"]
WRITING = [*READING, "502-after", "reset-after"]
# What does not end, and is not waited for until it does.
LASTING = ["502-before", "502-after", "reset", "reset-after", "truncated"]
FOR_EVER = 1_000_000
# Seconds that a slow answer takes.
SLOW = 2


@dataclass
class Command:
    """What is run, and what must be there afterwards."""

    name: str
    # Makes the repository, and what else there must be.
    prepare: Callable[[str], object]
    # Runs it; may be run again on the same.
    run: Callable[[object], workflow.Ran]
    # What is there, as a value that is the same whenever all is well; doubled things raise.
    state: Callable[[object], object]
    # Exit status, undisturbed and while a request of this method fails for ever.
    status: int
    lasting: dict


@dataclass
class Place:
    """A repository, and a pull request where there is one."""

    repository: str
    token: str
    pull: scene.Pull | None = None
    folder: str = workflow.ROOT


def place(name: str, history: bool) -> Place:
    return Place(scene.repository(name, history), writer())


def writer() -> str:
    """A token as a workflow on trunk has it; a new one for each case, for the server counts requests by token."""
    return bed.mint(bed.WRITE)


def record(where: Place) -> workflow.Ran:
    return on_store("record", where)


def check(where: Place) -> workflow.Ran:
    return on_store("check", where)


def on_store(command: str, where: Place) -> workflow.Ran:
    store = f"github:{where.repository}#{scene.RESULTS}"
    return workflow.run([command, workflow.converted(), "--config", workflow.CONFIG, "--store", store], where.token)


def pulled(name: str) -> Place:
    where = place(name, True)
    where.pull = scene.pull_request(where.repository)
    where.folder = workflow.workspace()
    return where


def act_on_pull_request(where: Place) -> workflow.Ran:
    return workflow.action(steps.pull_request(where.repository, where.pull), where.token, where.folder)


def act_on_push(where: Place) -> workflow.Ran:
    return workflow.action(steps.push(where.repository), where.token, where.folder)


def pushed(name: str) -> Place:
    where = place(name, True)
    where.folder = workflow.workspace("\nconfirm: 1\n")
    return where


def told(where: Place) -> tuple:
    """One comment, one status, nothing recorded."""
    comments = scene.comments(where.repository, where.pull.number)
    statuses = {each["context"]: each["state"] for each in reversed(scene.statuses(where.repository, where.pull.head))}
    assert len(comments) <= 1, f"{len(comments)} comments"
    return len(comments), statuses, len(scene.runs(where.repository)), len(scene.issues(where.repository))


def kept(where: Place) -> tuple:
    """The run recorded, one issue at most, the same files."""
    issues = scene.issues(where.repository)
    assert len(issues) <= 1, f"{len(issues)} issues"
    said = [len(scene.comments(where.repository, issue["number"])) for issue in issues]
    paths = sorted(path for path in scene.files(where.repository) if not path.startswith("runs/"))
    return len(scene.runs(where.repository)), len(issues), said, paths


COMMANDS = [
    Command(
        "record",
        lambda name: place(name, True),
        record,
        lambda where: scene.runs(where.repository),
        status=0,
        lasting={"GET": 3, "POST": 3, "PATCH": 3},
    ),
    Command(
        "record-first",
        lambda name: place(name, False),
        record,
        lambda where: scene.runs(where.repository),
        status=0,
        lasting={"GET": 3, "POST": 3, "PATCH": 3},
    ),
    Command(
        "check",
        lambda name: place(name, True),
        check,
        lambda where: scene.runs(where.repository),
        status=1,
        # Without its history the run is judged by what needs none, and nothing had to be recorded.
        lasting={"GET": 0},
    ),
    Command(
        "action-pull-request",
        pulled,
        act_on_pull_request,
        told,
        status=1,
        lasting={},
    ),
    Command("action-push", pushed, act_on_push, kept, status=1, lasting={}),
]


def main() -> None:
    wanted = sys.argv[1:] or [command.name for command in COMMANDS]
    cases = [case for command in COMMANDS if command.name in wanted for case in planned(command)]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        failed = [told for told in pool.map(attempt, cases) if told]
    if failed:
        sys.exit("\n".join([*failed, f"{len(failed)} of {len(cases)} faults did harm"]))
    print(f"{len(cases)} faults on {', '.join(wanted)}: nothing lost, nothing doubled")


@dataclass
class Case:
    """One fault on one kind of request."""

    command: Command
    number: int
    method: str
    route: str
    kind: str
    times: int
    expected: object

    def __str__(self) -> str:
        often = "once" if self.times == 1 else "for ever"
        return f"{self.command.name}: {self.kind} {often} on {self.method} {self.route}"


def planned(command: Command) -> list:
    """The cases that the requests of an undisturbed run give."""
    where = command.prepare(f"{command.name}-0")
    ran = command.run(where)
    expected = command.state(where)
    if ran.status != command.status or workflow.left_out(ran):
        sys.exit(f"{command.name} ends with {ran.status}, undisturbed:\n{ran.printed}")
    again = command.run(where)
    if (again.status, command.state(where)) != (ran.status, expected):
        sys.exit(
            f"{command.name}, again: {again.status}, {command.state(where)} instead of {expected}\n{again.printed}"
        )
    print(
        f"{command.name}: {len(ran.requests)} requests in {ran.seconds:.1f} s; again {len(again.requests)}", flush=True
    )
    cases = []
    for method, route in sorted({(each["method"], pattern(each["path"])) for each in ran.requests}):
        once = READING if method == "GET" else WRITING
        for kind, times in [(kind, 1) for kind in once] + [(kind, FOR_EVER) for kind in LASTING if kind in once]:
            if times == 1 or method in command.lasting:
                cases.append(Case(command, len(cases) + 1, method, route, kind, times, expected))
    return cases


def pattern(path: str) -> str:
    """What requests of one kind have in common, behind the repository's name."""
    path = re.sub(r"^/repos/[^/]+/[^/]+", "", path.partition("?")[0])
    path = re.sub(r"[0-9a-f]{40}(\.\.\.[0-9a-f]{40})?", "[^/]+", path)
    return re.sub(r"/\d+", r"/\\d+", path)


def attempt(case: Case) -> str | None:
    """What went wrong in a case; nothing if it holds."""
    try:
        held = hold(case)
    except (AssertionError, Exception) as error:
        held = "".join(traceback.format_exception_only(error)).strip()
    return f"{case}: {held}" if held else None


def hold(case: Case) -> str | None:
    command = case.command
    where = command.prepare(f"{command.name}-{case.number}")
    prefix = f"^/repos/{where.repository}" if case.route != "/user" else "^"
    rule = {"method": case.method, "path": rf"{prefix}{case.route}(\?|$)", "kind": case.kind, "times": case.times}
    bed.control("POST", "/_bed/fault", {**rule, "seconds": SLOW})
    ran = command.run(where)
    happened = [each["happened"] for each in bed.control("GET", "/_bed/fault") if each["path"] == rule["path"]]
    if not any(happened):
        return "did not happen"
    if case.times == 1:
        if ran.status != command.status:
            return f"exit {ran.status}\n{ran.printed}"
    else:
        # What was carried out although its answer was lost may be found out, and then nothing is wrong.
        if ran.status not in (command.lasting[case.method], command.status):
            return f"exit {ran.status}\n{ran.printed}"
        command.state(where)
        bed.control("POST", "/_bed/mend", {"path": rule["path"]})
        ran = command.run(where)
        if ran.status != command.status:
            return f"afterwards, undisturbed: exit {ran.status}\n{ran.printed}"
    state = command.state(where)
    return None if state == case.expected else f"{state} instead of {case.expected}\n{ran.printed}"


if __name__ == "__main__":
    main()
