"""A manager's dict and queue beside ours, in microseconds each, as JSON."""

import json
import multiprocessing
import sys
import time
from multiprocessing import managers

CLIENTS = 8


def work(d, q):
    def get(i):
        d.get("count")

    def set(i):
        d["count"] = i

    def add(i):
        d["count"] += 1

    def put(i):
        q.put(i)

    def take(i):
        q.get()

    return {"get": get, "set": set, "add": add, "put": put, "take": take}


def set_many(d, rounds, spans):
    d.get("count")
    start = time.time()
    for i in range(rounds):
        d["count"] = i
    spans.put((start, time.time()))


def several(d, rounds):
    """Microseconds for each, where so many processes do so at the same time."""
    spans = multiprocessing.Queue()
    processes = [
        multiprocessing.Process(target=set_many, args=(d, rounds, spans))
        for _ in range(CLIENTS)
    ]
    for process in processes:
        process.start()
    all_spans = [spans.get() for _ in processes]
    for process in processes:
        process.join()
    first = min(start for start, _ in all_spans)
    last = max(end for _, end in all_spans)
    return (last - first) / (rounds * CLIENTS) * 1e6


def main():
    rounds = int(sys.argv[1])
    results = {}
    for kind, address in (("unix", None), ("tcp", ("127.0.0.1", 0))):
        manager = managers.SyncManager(address=address)
        manager.start()
        try:
            d = manager.dict({"count": 0})
            for name, fn in work(d, manager.Queue()).items():
                start = time.perf_counter()
                for i in range(rounds):
                    fn(i)
                taken = time.perf_counter() - start
                results[f"{kind} {name}"] = taken / rounds * 1e6
            results[f"{kind} several"] = several(d, rounds)
            if kind == "tcp":
                start = time.perf_counter()
                other = managers.SyncManager(manager.address, manager._authkey)
                other.connect()
                results["connect"] = (time.perf_counter() - start) * 1e3
        finally:
            manager.shutdown()
    print(json.dumps(results))


if __name__ == "__main__":
    main()
