"""What happens over several steps: a night, an acceptance and its merge, an issue's life, jobs that write at once.

Runs are those of the demonstration, moved in time: regressed ones are its candidate, clean ones are of its history.
"""

import concurrent.futures
import datetime
import json
import os
import sys

import bed
import scene
import steps
import workflow
from events import AT_ONCE, FAILED, act, holds, one_issue, pulled, recorded, status_of, tell

# The day of the demonstration's runs, a Saturday.
DAY = "2026-11-21"


def night() -> None:
    """A night leaves its document, what went wrong, badges, and on the day of the digest that too; once."""
    full = scene.repository("story-night")
    config = AT_ONCE + "weekly: {day: saturday, issue: true}\n"
    for _ in range(2):
        act(steps.schedule(full), bed.mint(bed.WRITE), FAILED, workflow.workspace(config))
        recorded(full, scene.BEFORE + 1)
        found = scene.files(full)
        wanted = [f"nightly/{DAY}.json", f"nightly/{DAY}_regression.md", "weekly/2026-W47.md"]
        wanted += ["badges/checkout/p95.svg", "badges/checkout/outcome.json", "README.md"]
        lacking = [path for path in wanted if path not in found]
        holds(not lacking, f"{lacking} lacking of {sorted(found)}")
    page = scene.text(full, scene.files(full)[f"nightly/{DAY}_regression.md"])
    holds("slow" in page, page)
    titles = sorted(issue["title"] for issue in scene.issues(full))
    holds(len(titles) == 2 and titles[1].startswith("Performance of the week"), f"issues {titles}")


def clean_night() -> None:
    """When all is fine a night is quiet."""
    full = scene.repository("story-clean-night")
    act(steps.schedule(full), bed.mint(bed.WRITE), 0, results(clean(1)))
    found = scene.files(full)
    holds(f"nightly/{DAY}.json" in found, f"files {sorted(found)}")
    holds(not any(path.endswith("_regression.md") for path in found), f"files {sorted(found)}")
    holds(not scene.issues(full), "an issue without a regression")


def accepted() -> None:
    """What is accepted on a pull request passes there, and on trunk once it is merged, and not before."""
    full, pull = pulled("story-accepted")
    token = bed.mint(bed.WRITE)
    act(steps.pull_request(full, pull), token, FAILED)
    for series in ("p95 slow", '"*" "(all)"'):
        act(steps.comment(full, pull, "dev1", f"/perf-gate accept checkout {series} a new cipher"), token, 0)
    ran = act(steps.pull_request(full, pull, attempt=2), token, 0)
    holds(ran.outputs["outcome"] != "failed", f"outputs {ran.outputs}")
    holds(any(path.startswith(f"pending/{pull.number}/") for path in scene.files(full)), "nothing waits for the merge")

    other = steps.push(full)
    other.sha = other.payload["after"]
    act(other, token, FAILED, results(regressed(1)))
    bed.seed("PUT", f"/repos/{full}/pulls/{pull.number}/merge", {"merge_method": "squash"})
    ran = act(steps.push(full), token, 0, results(regressed(2)))
    holds(ran.outputs["outcome"] != "failed", f"outputs {ran.outputs}\n{ran.printed}")
    found = scene.files(full)
    holds(not any(path.startswith("pending/") for path in found), f"files {sorted(found)}")
    holds(any(path.startswith("accepted/checkout/") for path in found), f"files {sorted(found)}")


def rejected() -> None:
    """A refusal keeps the status red, also when a second run would pass; a new push needs a new decision."""
    full, pull = pulled("story-rejected")
    token = bed.mint(bed.WRITE)
    act(steps.pull_request(full, pull), token, 0, results(clean(1)))
    holds(status_of(full, pull) == "success", "no status")
    act(steps.comment(full, pull, "dev1", "/perf-gate reject too slow for the launch"), token, 0)
    holds(status_of(full, pull) == "failure", "not rejected")
    act(steps.pull_request(full, pull, attempt=2), token, FAILED, results(clean(1)))
    holds(status_of(full, pull) == "failure", "a re-run forgot the refusal")
    pull.head = scene.commit(full, {"again.txt": "another try"}, [pull.head])
    bed.seed("PATCH", f"/repos/{full}/git/refs/heads/{pull.branch}", {"sha": pull.head, "force": False})
    act(steps.pull_request(full, pull), token, 0, results(clean(2)))
    holds(status_of(full, pull) == "success", "the refusal holds for another commit")


def legs() -> None:
    """Jobs that end together share one comment; the status is that of the worst."""
    full, pull = pulled("story-legs")
    names = ["checkout", "search", "basket"]

    def leg(name: str) -> None:
        step = steps.pull_request(full, pull, job=name, inputs={"scenario": name})
        act(step, bed.mint(bed.WRITE), FAILED if name == "checkout" else 0)

    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(leg, names))
    found = scene.comments(full, pull.number)
    holds(len(found) == 1, f"{len(found)} comments")
    lacking = [name for name in names if f"scenario={name} " not in found[0]["body"]]
    holds(not lacking, f"{lacking} lacking in\n{found[0]['body']}")
    holds(status_of(full, pull) == "failure", f"statuses {scene.statuses(full, pull.head)}")


def life_of_an_issue() -> None:
    """It opens, stays quiet, closes itself after two clean runs, and the same one opens again."""
    full = scene.repository("story-issue")
    token = bed.mint(bed.WRITE)

    def push(run: dict, status: int) -> dict:
        # Runs of one commit would be judged together.
        head = scene.commit(full, {"changed.txt": run["started_at"]}, [scene.tip(full)])
        bed.seed("PATCH", f"/repos/{full}/git/refs/heads/main", {"sha": head, "force": False})
        act(steps.push(full), token, status, results(run, AT_ONCE))
        return one_issue(full)

    first = push(regressed(1), FAILED)
    holds(first["state"] == "open", f"{first}")
    again = push(regressed(2), FAILED)
    holds(again["state"] == "open" and again["comments"] == 0, "said again what is known")
    half = push(clean(3), 0)
    holds(half["state"] == "open", "closed after one clean run")
    closed = push(clean(4), 0)
    state = scene.text(full, scene.files(full)["issues/checkout.json"])
    holds(closed["state"] == "closed" and closed["comments"] == 1, f"{closed['state']}: {state}")
    back = push(regressed(5), FAILED)
    holds(back["state"] == "open" and back["number"] == first["number"], f"{back['state']} {back['number']}")


def critical() -> None:
    """A critical regression sends its event once, and says that a person must decide."""
    full = scene.repository("story-critical")
    config = AT_ONCE + "critical: {p95: 21%}\nnotify: {dispatch: perf-gate-critical}\n"
    for hour in (1, 2):
        ran = act(steps.push(full), bed.mint(bed.WRITE), FAILED, results(regressed(hour), config))
        holds(ran.outputs["critical"] == "true", f"outputs {ran.outputs}")
    sent = [each for each in bed.control("GET", "/_bed/state")["dispatches"] if each["repository"] == full]
    holds(len(sent) == 1, f"{len(sent)} events")
    status = scene.statuses(full, scene.tip(full))[0]
    holds("needs approval" in status["description"], f"{status}")


def dry_run() -> None:
    """Everything is told and nothing written."""
    full, pull = pulled("story-dry-run")
    for step in (steps.pull_request(full, pull), steps.push(full), steps.schedule(full)):
        step.inputs["dry-run"] = "true"
        ran = act(step, bed.mint(bed.WRITE), FAILED)
        writes = [each for each in ran.requests if each["method"] != "GET"]
        holds(not writes, f"{writes}")
        holds("would set status perf-gate" in ran.printed, ran.printed)
    recorded(full, scene.BEFORE)


def elsewhere() -> None:
    """History can be kept in another repository."""
    full = scene.repository("story-code", history=False)
    other = scene.repository("story-history")
    step = steps.push(full, inputs={"store": f"github:{other}", "branch": scene.RESULTS})
    act(step, bed.mint(bed.WRITE), FAILED)
    recorded(other, scene.BEFORE + 1)
    holds(not scene.files(full), "a branch of its own beside the named one")


STORIES = [night, clean_night, accepted, rejected, legs, life_of_an_issue, critical, dry_run, elsewhere]


def regressed(hour: int) -> dict:
    """The demonstration's candidate, `hour` hours later."""
    with open(workflow.converted(), encoding="utf-8") as file:
        return moved(json.load(file), hour)


def clean(hour: int) -> dict:
    """A run of the demonstration's history, `hour` hours after its candidate."""
    runs = os.path.join(workflow.DEMO, "history", "runs")
    paths = sorted(os.path.join(folder, name) for folder, _, names in os.walk(runs) for name in names)
    with open(paths[hour % len(paths)], encoding="utf-8") as file:
        run = json.load(file)
    start = json.loads(open(workflow.converted(), encoding="utf-8").read())["started_at"]
    return moved({**run, "started_at": start}, hour)


def moved(run: dict, hour: int) -> dict:
    """The same figures at another time: a run of its own."""
    start = datetime.datetime.fromisoformat(run["started_at"][:19]) + datetime.timedelta(hours=hour)
    kept = {key: value for key, value in run.items() if key not in ("id", "judged", "commit", "branch")}
    return {**kept, "started_at": f"{start.isoformat()}Z"}


def results(run: dict, config: str = "") -> str:
    """A workspace with that run instead of the demonstration's."""
    folder = workflow.workspace(config)
    with open(os.path.join(folder, "results", "candidate.json"), "w", encoding="utf-8") as file:
        json.dump(run, file)
    return folder


if __name__ == "__main__":
    tell(STORIES, sys.argv[1:], "stories ended as they should")
