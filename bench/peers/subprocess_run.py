"""Runs a program again and again; prints each run's ms as JSON."""

import json
import subprocess
import sys
import time

PIPE = subprocess.PIPE
KINDS = {
    "plain": {},
    "captured": {"capture_output": True},
    "merged": {"stdout": PIPE, "stderr": subprocess.STDOUT},
    "timed": {"timeout": 60},
    "large": {"capture_output": True},
}

if __name__ == "__main__":
    kind, count, *args = sys.argv[1:]
    times = []
    for _ in range(int(count)):
        start = time.perf_counter()
        subprocess.run(args, **KINDS[kind])
        times.append((time.perf_counter() - start) * 1000)
    print(json.dumps(times))
