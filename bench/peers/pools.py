"""Times of Python's pools, in microseconds an operation; prints a JSON object."""

import json
import multiprocessing
import multiprocessing.pool
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor

WORKERS = 2
APPLIES = 2_000
OUTSTANDING = 20_000
RUNS = 3
NUMBERS = 100_000
MEGABYTES = 50


def square(n):
    return n * n


def echo(value):
    return value


def timed(run, count):
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e6 / count


def again(run, count):
    return statistics.median(timed(run, count) for _ in range(RUNS))


def outstanding(pool):
    def run():
        results = [pool.apply_async(square, (i,)) for i in range(OUTSTANDING)]
        return [result.get() for result in results]

    return again(run, OUTSTANDING)


def pool_times(pool):
    pool.map(square, range(100), 1)
    mb = os.urandom(2**20)

    def unordered():
        return list(pool.imap_unordered(square, range(NUMBERS // 5)))

    return {
        "apply": timed(
            lambda: [pool.apply(square, (i,)) for i in range(APPLIES)], APPLIES
        ),
        "outstanding": outstanding(pool),
        "map": again(lambda: pool.map(square, range(NUMBERS)), NUMBERS),
        "map 1": timed(
            lambda: pool.map(square, range(NUMBERS // 5), 1), NUMBERS // 5
        ),
        "imap": timed(unordered, NUMBERS // 5),
        "1 MiB": timed(
            lambda: [pool.apply(echo, (mb,)) for _ in range(MEGABYTES)], MEGABYTES
        ),
    }


def executor_times(executor):
    list(executor.map(square, range(100)))

    def outstanding():
        futures = [executor.submit(square, i) for i in range(OUTSTANDING)]
        return [future.result() for future in futures]

    return {
        "submit": timed(
            lambda: [executor.submit(square, i).result() for i in range(APPLIES)],
            APPLIES,
        ),
        "submit outstanding": timed(outstanding, OUTSTANDING),
    }


def up(context):
    start = time.perf_counter()
    with context.Pool(WORKERS) as pool:
        pool.map(square, range(WORKERS), 1)
        return (time.perf_counter() - start) * 1e6


if __name__ == "__main__":
    with multiprocessing.Pool(WORKERS) as pool:
        times = pool_times(pool)
    with multiprocessing.pool.ThreadPool(WORKERS) as pool:
        pool.map(square, range(100), 1)
        times["threads outstanding"] = outstanding(pool)
    with ProcessPoolExecutor(WORKERS) as executor:
        times.update(executor_times(executor))
    for method in ["spawn", "fork"]:
        context = multiprocessing.get_context(method)
        times[f"up {method}"] = up(context)
    print(json.dumps(times))
