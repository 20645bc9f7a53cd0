"""Scores other implementations on the histories that `cargo bench --bench drift -- --seed 1 --export FILE` wrote.

The rules are those of the bench: a change point within 3 runs of a step finds it, each step and each point count once.

    pip install --no-deps apache-otava==0.8.0 && pip install ruptures==1.1.10 numpy==2.4.6 scipy==1.17.1
    python3 benches/drift/peers.py FILE [--delay]

ruptures' KernelCPD is PELT (Killick, Fearnhead & Eckley 2012) with a Gaussian kernel. `--delay` takes minutes.

Otava (E-divisive with a t-test, https://github.com/apache/otava) is called as its `analyze` command calls it, on the
figures themselves, not on their logarithms. `--no-deps` because its reporting dependencies are not needed.
"""

import json
import math
import sys
from collections import defaultdict

import numpy
import ruptures
from otava.analysis import compute_change_points

NEAR = 3
LOOK_AHEAD = 20
GROWN = "step 20 %"


def otava(p_value):
    def found(values):
        points, _ = compute_change_points([math.exp(y) for y in values], window_len=50, max_pvalue=p_value)
        return [int(point.index) for point in points]

    return found


def kernel(penalty):
    def found(values):
        if len(values) < 6:
            return []
        return ruptures.KernelCPD(kernel="rbf", min_size=3).fit(numpy.array(values)).predict(pen=penalty)[:-1]

    return found


PEERS = {
    "otava, p < 0.001 (default)": otava(1e-3),
    "otava, p < 1e-4": otava(1e-4),
    "otava, p < 1e-5": otava(1e-5),
    "otava, p < 1e-6": otava(1e-6),
    "ruptures KernelCPD rbf, penalty 3": kernel(3),
    "ruptures KernelCPD rbf, penalty 5": kernel(5),
    "ruptures KernelCPD rbf, penalty 8": kernel(8),
}


def matched(steps, found):
    free, count = list(found), 0
    for step in steps:
        near = [point for point in free if abs(point - step) <= NEAR]
        if near:
            free.remove(min(near, key=lambda point: abs(point - step)))
            count += 1
    return count


def delay(find, history):
    """Runs from a step until it is reported, counting the first of the new level as 1; None if not within 20."""
    (step,) = history["steps"]
    for seen in range(1, LOOK_AHEAD + 1):
        end = step + seen
        if end > len(history["values"]):
            return None
        if matched([step], find(history["values"][:end])):
            return seen
    return None


def main(path):
    histories = json.load(open(path))
    grown = [h for h in histories if h["case"] == GROWN]
    for name, find in PEERS.items():
        false, runs = 0, 0
        by_case = defaultdict(lambda: [0, 0, 0])
        for history in histories:
            if history["drift"] is not None:
                continue
            found = find(history["values"])
            if not history["steps"]:
                false, runs = false + len(found), runs + len(history["values"])
                continue
            hits = matched(history["steps"], found)
            for case in (history["case"], history["noise"], "all"):
                cell = by_case[case]
                cell[0] += hits
                cell[1] += len(found)
                cell[2] += len(history["steps"])
        print(f"{name}: {1000 * false / runs:.2f} false per 1,000 stationary runs")
        for case, (hits, found, steps) in by_case.items():
            f1 = 2 * hits / max(1, found + steps)
            print(f"  {case:26} precision {hits / max(1, found):.3f} recall {hits / steps:.3f} F1 {f1:.3f}")
        if "--delay" in sys.argv:
            delays = [delay(find, history) for history in grown]
            seen = sorted(d for d in delays if d is not None)
            share = len(seen) / len(delays)
            print(f"  delay of {GROWN}: found {share:.2f} within {LOOK_AHEAD}, median {seen[len(seen) // 2] if seen else None}")


main(sys.argv[1])
