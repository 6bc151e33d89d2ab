"""Starts and joins threads one after another; prints each one's ms as JSON."""

import json
import sys
import threading
import time


def work():
    pass


if __name__ == "__main__":
    times = []
    for _ in range(int(sys.argv[1])):
        start = time.perf_counter()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        times.append((time.perf_counter() - start) * 1000)
    print(json.dumps(times))
