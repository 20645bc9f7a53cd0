"""Runs a command without its output and tells, as JSON, how it ended and either how long it took or its peak memory.

    python3 measure.py timed|peak all|one COMMAND…

`one` keeps it on one core, as `taskset -c 0` does. What `wait4` says of peak memory is never less than what this process
held when it started the command, some 10 MB. Of a smaller one the mark that the kernel keeps is read until it ends, which
misses what is touched at the very end, some 0.3 MB. That takes time, so what is timed is another run.
"""

import json
import os
import resource
import sys
import time


def high_water(child):
    """The last VmHWM of a process before it ended, in bytes; None where there is no /proc."""
    peak = None
    try:
        while True:
            with open(f"/proc/{child}/status") as status:
                lines = [line for line in status if line.startswith("VmHWM:")]
            peak = int(lines[0].split()[1]) * 1024
            time.sleep(0.0001)
    except (OSError, IndexError):  # A process that ended has no memory.
        return peak


def main(what, cores, *command):
    if cores == "one":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # The child inherits it.
    no_output = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=no_output)
    mark = high_water(child) if what == "peak" else None
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    peak = mark if mark and usage.ru_maxrss <= own else usage.ru_maxrss * unit
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, "status": os.waitstatus_to_exitcode(status)}))


main(*sys.argv[1:])
