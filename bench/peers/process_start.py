"""Starts and joins processes one after another; prints each one's ms as JSON."""

import json
import multiprocessing
import sys
import time


def work():
    pass


if __name__ == "__main__":
    method, count = sys.argv[1], int(sys.argv[2])
    context = multiprocessing.get_context(method)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        process = context.Process(target=work)
        process.start()
        process.join()
        times.append((time.perf_counter() - start) * 1000)
    print(json.dumps(times))
