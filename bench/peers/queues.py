"""Items through queues between processes; prints as JSON how many seconds each of
the rounds took, by the names of the works."""

import json
import multiprocessing
import sys
import time

SMALL = {"id": 1, "name": "x", "args": [1, 2, 3]}
ITEMS = {"small": SMALL, "10 KB": b"x" * 10_000, "1 MiB": b"x" * 2**20}


def write(queue, go, name, count):
    item = ITEMS[name]
    go.get()
    for _ in range(count):
        queue.put(item)


def read(queue, ready, done, count):
    ready.put(1)
    for _ in range(count):
        queue.get()
    done.put(1)


def one_to_one(queue, name, count, joinable=False):
    """From the first item to the last, as the reader sees it."""
    go = multiprocessing.SimpleQueue()
    process = multiprocessing.Process(
        target=write, args=(queue, go, name, count + 1))
    process.start()
    go.put(1)
    queue.get()
    start = time.perf_counter()
    for _ in range(count):
        queue.get()
        if joinable:
            queue.task_done()
    seconds = time.perf_counter() - start
    process.join()
    return seconds


def two_to_two(count):
    queue = multiprocessing.Queue(1000)
    go, ready, done = (multiprocessing.SimpleQueue() for _ in range(3))
    processes = []
    for _ in range(2):
        processes.append(multiprocessing.Process(
            target=read, args=(queue, ready, done, count // 2)))
        processes.append(multiprocessing.Process(
            target=write, args=(queue, go, "small", count // 2)))
    for process in processes:
        process.start()
    for _ in range(2):
        ready.get()
    start = time.perf_counter()
    for _ in range(2):
        go.put(1)
    for _ in range(2):
        done.get()
    seconds = time.perf_counter() - start
    for process in processes:
        process.join()
    return seconds


if __name__ == "__main__":
    counts = json.loads(sys.argv[1])
    results = {}
    for work, count in counts.items():
        if work == "Queue 2 to 2":
            results[work] = two_to_two(count)
            continue
        kind, name = work.split(" ", 1)
        queue = getattr(multiprocessing, kind)()
        results[work] = one_to_one(
            queue, name, count, kind == "JoinableQueue")
    print(json.dumps(results))
