"""Runs the action's program for each event, as GitHub tells of it, and looks what became of it on GitHub.

The demonstration's results are a regression: `/slow` became 30 % slower. Tokens have what a workflow's `permissions:`
give them, and a fork's can only read.
"""

import sys
import traceback

import bed
import scene
import steps
import workflow

FAILED, INVALID = 1, 2
CONTEXT = "perf-gate"
# With so little history a regression would wait for a second run.
AT_ONCE = "\nconfirm: 1\n"
# What a job needs that only comments and sets a status.
TELL = {"contents": "write", "pull_requests": "write", "statuses": "write", "metadata": "read"}


def pull_request() -> None:
    """A comment, a status on the head, nothing recorded; a second run says nothing twice."""
    full, pull = pulled("event-pull-request")
    ran = act(steps.pull_request(full, pull), bed.mint(bed.WRITE), FAILED)
    comment = told_once(full, pull)
    holds(ran.outputs.get("outcome") == "failed", f"outputs {ran.outputs}")
    holds(str(comment["id"]) in ran.outputs.get("comment-url", ""), f"comment-url of {ran.outputs}")
    holds("slow" in ran.outputs.get("regressions", ""), f"regressions of {ran.outputs}")
    holds("slow" in ran.summary and "slow" in comment["body"], "summary or comment without the endpoint")
    holds(status_of(full, pull) == "failure", f"statuses {scene.statuses(full, pull.head)}")
    act(steps.pull_request(full, pull, attempt=2), bed.mint(bed.WRITE), FAILED)
    told_once(full, pull)
    recorded(full, scene.BEFORE)


def pull_request_least() -> None:
    """The permissions of the template are enough."""
    full, pull = pulled("event-least")
    act(steps.pull_request(full, pull), bed.mint(TELL), FAILED)
    told_once(full, pull)
    holds(status_of(full, pull) == "failure", "no status")


def pull_request_from_fork() -> None:
    """The verdict stands without any permission; then the workflow that has them tells it, and only of that commit."""
    full = scene.repository("event-fork")
    pull, other = scene.fork(full), scene.pull_request(full, "other")
    folder = workflow.workspace()
    ran = act(steps.pull_request(full, pull), bed.mint(bed.READ), FAILED, folder, is_reader=True)
    holds(ran.report is not None and ran.summary, "no report or no summary")
    holds(not scene.comments(full, pull.number), "a reader commented")
    holds(ran.outputs.get("outcome") == "failed", f"outputs {ran.outputs}")

    ran = act(steps.workflow_run(full, pull), bed.mint(bed.WRITE), 0, folder)
    told_once(full, pull)
    holds(status_of(full, pull) == "failure", "no status on the fork's commit")

    # The report is of the fork's commit; whatever it says, it is told nowhere else.
    act(steps.workflow_run(full, other), bed.mint(bed.WRITE), INVALID, folder)
    holds(not scene.comments(full, other.number), "told on another pull request")
    forged = steps.workflow_run(full, pull)
    forged.payload["workflow_run"]["head_repository"]["full_name"] = "dev1/elsewhere"
    act(forged, bed.mint(bed.WRITE), INVALID, folder)
    told_once(full, pull)
    recorded(full, scene.BEFORE)


def push() -> None:
    """A run on trunk is recorded and has an issue, once however often it is tried; one on another branch is not."""
    full = scene.repository("event-push")
    ran = act(steps.push(full), bed.mint(bed.WRITE), FAILED, workflow.workspace(AT_ONCE))
    recorded(full, scene.BEFORE + 1)
    issue = one_issue(full)
    labels = {label["name"] for label in issue["labels"]}
    holds(labels == {"performance-regression", "needs-investigation"}, f"labels {labels}")
    holds(issue["title"].startswith("Performance Regression: "), f"title {issue['title']}")
    holds(f"/issues/{issue['number']}" in ran.outputs.get("issue-url", ""), f"issue-url of {ran.outputs}")
    act(steps.push(full), bed.mint(bed.WRITE), FAILED, workflow.workspace(AT_ONCE))
    recorded(full, scene.BEFORE + 1)
    holds(one_issue(full)["comments"] == 0, "the same was said again")
    scene.branch(full, "side", scene.tip(full))
    act(steps.push(full, "side"), bed.mint(bed.WRITE), FAILED)
    recorded(full, scene.BEFORE + 1)


def first_push() -> None:
    """Without a history one is begun."""
    full = scene.repository("event-first", history=False)
    act(steps.push(full), bed.mint(bed.WRITE), 0)
    recorded(full, 1)
    messages = [each["commit"]["message"] for each in bed.seed("GET", f"/repos/{full}/commits?sha={scene.RESULTS}")]
    holds(all("[skip ci]" in message for message in messages), f"commits {messages}")


def schedule() -> None:
    """A night is recorded, with nothing in the payload but the time."""
    full = scene.repository("event-schedule")
    act(steps.schedule(full), bed.mint(bed.WRITE), FAILED)
    recorded(full, scene.BEFORE + 1)


def workflow_dispatch() -> None:
    """Asked for on trunk it is recorded, on a branch it is not."""
    full = scene.repository("event-dispatch")
    scene.branch(full, "side", scene.tip(full))
    act(steps.workflow_dispatch(full, "side"), bed.mint(bed.WRITE), FAILED)
    recorded(full, scene.BEFORE)
    act(steps.workflow_dispatch(full), bed.mint(bed.WRITE), FAILED)
    recorded(full, scene.BEFORE + 1)


def merge_group() -> None:
    """A merge queue gets a status and records nothing."""
    full, pull = pulled("event-merge-group")
    act(steps.merge_group(full, pull), bed.mint(bed.WRITE), FAILED)
    holds(status_of(full, pull) == "failure", "no status")
    recorded(full, scene.BEFORE)


def issue_comment() -> None:
    """People with write access decide, others are not heard, and a new push needs a new decision."""
    full, pull = pulled("event-comment")
    token = bed.mint(bed.WRITE)
    act(steps.pull_request(full, pull), token, FAILED)
    before = len(scene.comments(full, pull.number))
    for login in ("guest", "stranger"):
        act(steps.comment(full, pull, login, "/perf-gate approve because I say so"), token, 0)
    act(steps.comment(full, pull, "dev1", "looks good to me"), token, 0)
    holds(len(scene.comments(full, pull.number)) == before, "somebody was answered who should not be")
    holds(status_of(full, pull) == "failure", "somebody decided who should not")
    act(steps.comment(full, pull, "dev1", "/perf-gate approve the cache goes @octocat"), token, 0)
    holds(status_of(full, pull) == "success", "not approved")
    reply = scene.comments(full, pull.number)[-1]["body"]
    holds("dev1" in reply and "@octocat" not in reply.replace("`@octocat`", ""), f"the reply: {reply}")
    act(steps.pull_request(full, pull, attempt=2), token, 0)
    holds(status_of(full, pull) == "success", "a re-run forgot the approval")
    recorded(full, scene.BEFORE)


EVENTS = [
    pull_request,
    pull_request_least,
    pull_request_from_fork,
    push,
    first_push,
    schedule,
    workflow_dispatch,
    merge_group,
    issue_comment,
]


def tell(cases: list, names: list, end: str) -> None:
    """Runs the cases, or those of these names, and says how they went."""
    failed = 0
    wanted = [each for each in cases if not names or each.__name__ in names]
    for case in wanted:
        try:
            case()
            print(f"{case.__name__}: holds", flush=True)
        except Exception:
            failed += 1
            print(f"{case.__name__}: does not hold\n{traceback.format_exc(limit=-2)}", flush=True)
    if failed:
        sys.exit(f"{failed} of {len(wanted)} went wrong")
    print(f"{len(wanted)} {end}")


def pulled(name: str) -> tuple:
    full = scene.repository(name)
    return full, scene.pull_request(full)


def act(
    step: workflow.Step, token: str, status: int, folder: str | None = None, is_reader: bool = False
) -> workflow.Ran:
    """Runs the step, which must end with `status` and do all it should, unless its token may only read."""
    folder = folder or workflow.workspace()
    ran = workflow.action(step, token, folder)
    print(f"  {step.event}: exit {ran.status}, {len(ran.requests)} requests, {ran.seconds:.1f} s", flush=True)
    holds(ran.status == status, f"exit {ran.status} instead of {status}:\n{ran.printed}")
    holds(is_reader or not workflow.left_out(ran), f"something was left out:\n{ran.printed}")
    return ran


def told_once(full: str, pull: scene.Pull) -> dict:
    """The one comment, which is the app's."""
    comments = scene.comments(full, pull.number)
    holds(len(comments) == 1, f"{len(comments)} comments")
    holds(comments[0]["user"]["login"] == "github-actions[bot]", f"a comment by {comments[0]['user']['login']}")
    return comments[0]


def one_issue(full: str) -> dict:
    issues = scene.issues(full)
    holds(len(issues) == 1, f"{len(issues)} issues")
    return issues[0]


def status_of(full: str, pull: scene.Pull) -> str | None:
    """The latest status of ours on the head."""
    return next((each["state"] for each in scene.statuses(full, pull.head) if each["context"] == CONTEXT), None)


def recorded(full: str, count: int) -> None:
    runs = scene.runs(full)
    holds(len(runs) == count, f"{len(runs)} runs recorded instead of {count}")


def holds(is_so: bool, message: str) -> None:
    if not is_so:
        raise AssertionError(message)


if __name__ == "__main__":
    tell(EVENTS, sys.argv[1:], "cases of events did on GitHub what they should, and nothing else")
