"""Times of a Manager's dict (µs) and of an Array of 1,000,000 doubles (ms), as JSON."""

import json
import multiprocessing
import sys
import time


def each(count, work):
    start = time.perf_counter()
    for i in range(count):
        work(i)
    return (time.perf_counter() - start) / count * 1e6


def dict_times(count):
    with multiprocessing.Manager() as manager:
        d = manager.dict()
        d["count"] = 0

        def put(i):
            d["count"] = i

        def add(i):
            d["count"] += 1

        each(100, put)
        return {
            "set": each(count, put),
            "get": each(count, lambda i: d["count"]),
            "update": each(count, add),
        }


def array_time(length):
    array = multiprocessing.Array("d", length)
    start = time.perf_counter()
    for i in range(length):
        array[i] = i
    total = 0.0
    for i in range(length):
        total += array[i]
    assert total == length * (length - 1) / 2
    return (time.perf_counter() - start) * 1e3


def value_time(count):
    value = multiprocessing.Value("i", 0)

    def add(i):
        with value.get_lock():
            value.value += 1

    return each(count, add)


if __name__ == "__main__":
    times = dict_times(int(sys.argv[1]))
    times["array"] = array_time(1_000_000)
    times["value"] = value_time(int(sys.argv[1]))
    print(json.dumps(times))
