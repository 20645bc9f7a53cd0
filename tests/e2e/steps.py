"""A step of a workflow for each event: GitHub's example of the payload, about a repository of the bed."""

import scene
from workflow import Step, payload

NOWHERE = "0" * 40


def pull_request(full: str, pull: scene.Pull, **more) -> Step:
    """New commits on a pull request, from the same repository or from a fork."""
    is_fork = pull.repository != full
    body = of(full, "pull_request-fork" if is_fork else "pull_request")
    body["number"] = body["pull_request"]["number"] = pull.number
    ends = {"head": (pull.branch, pull.head, pull.repository), "base": ("main", pull.base, full)}
    for end, (ref, sha, repository) in ends.items():
        side = body["pull_request"][end]
        side |= {"ref": ref, "sha": sha, "label": f"{repository.partition('/')[0]}:{ref}"}
        side["repo"] |= {"full_name": repository, "name": repository.partition("/")[2], "default_branch": "main"}
    # The runner tests a merge commit that no branch has.
    step = Step(
        full, "pull_request", body, scene.commit(full, {}, [pull.base]), f"refs/pull/{pull.number}/merge", **more
    )
    step.head_ref, step.base_ref = pull.branch, "main"
    return step


def push(full: str, name: str = "main", **more) -> Step:
    """A commit on a branch."""
    after = scene.tip(full, name)
    body = of(full, "push")
    body |= {"ref": f"refs/heads/{name}", "before": NOWHERE, "after": after}
    body["head_commit"]["id"] = after
    return Step(full, "push", body, after, f"refs/heads/{name}", **more)


def schedule(full: str, **more) -> Step:
    """A time of day; nothing in the payload names the repository."""
    return Step(full, "schedule", payload("schedule"), scene.tip(full), "refs/heads/main", **more)


def workflow_dispatch(full: str, name: str = "main", **more) -> Step:
    """Somebody asked for it, on a branch."""
    body = {**of(full, "workflow_dispatch"), "ref": f"refs/heads/{name}"}
    return Step(full, "workflow_dispatch", body, scene.tip(full, name), f"refs/heads/{name}", **more)


def merge_group(full: str, pull: scene.Pull, **more) -> Step:
    """A pull request waits in a merge queue."""
    ref = f"refs/heads/gh-readonly-queue/main/pr-{pull.number}-{pull.base}"
    body = of(full, "merge_group")
    body["merge_group"] |= {
        "head_sha": pull.head,
        "head_ref": ref,
        "base_sha": pull.base,
        "base_ref": "refs/heads/main",
    }
    return Step(full, "merge_group", body, pull.head, ref, **more)


def workflow_run(full: str, pull: scene.Pull, **more) -> Step:
    """The workflow that ran for a pull request has ended; it runs on the default branch, whatever the pull request."""
    body = of(full, "workflow_run-fork")
    run = body["workflow_run"]
    run |= {"head_sha": pull.head, "head_branch": pull.branch}
    run["repository"] |= {"full_name": full}
    run["head_repository"] |= {"full_name": pull.repository}
    return Step(full, "workflow_run", body, scene.tip(full), "refs/heads/main", **more)


def comment(full: str, pull: scene.Pull, login: str, text: str, **more) -> Step:
    """Somebody commented on a pull request."""
    body = of(full, "issue_comment")
    body["issue"]["number"] = pull.number
    body["comment"] |= {"body": text}
    body["comment"]["user"] |= {"login": login, "type": "User"}
    return Step(full, "issue_comment", body, scene.tip(full), "refs/heads/main", **more)


def of(full: str, name: str) -> dict:
    """An example, in this repository."""
    body = payload(name)
    owner, _, short = full.partition("/")
    body["repository"] |= {"full_name": full, "name": short, "default_branch": "main"}
    body["repository"]["owner"] |= {"login": owner}
    return body
