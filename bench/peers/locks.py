"""Times of locks and their like; prints a JSON object."""

import asyncio
import json
import multiprocessing
import time
from multiprocessing.sharedctypes import RawValue

TIMES = 300_000
CONTENDED = 200_000
ROUNDS = 5_000


def uncontended(lock):
    start = time.perf_counter()
    for _ in range(TIMES):
        lock.acquire()
        lock.release()
    return (time.perf_counter() - start) / TIMES * 1e9


async def coroutine():
    lock = asyncio.Lock()
    start = time.perf_counter()
    for _ in range(TIMES):
        await lock.acquire()
        lock.release()
    return (time.perf_counter() - start) / TIMES * 1e9


def increments(lock, counter, barrier):
    barrier.wait()
    for _ in range(CONTENDED):
        with lock:
            counter.value += 1
    barrier.wait()


def contended(context):
    lock, counter = context.Lock(), RawValue("q", 0)
    barrier = context.Barrier(3)
    workers = [
        context.Process(target=increments, args=(lock, counter, barrier))
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    barrier.wait()
    start = time.perf_counter()
    barrier.wait()
    elapsed = time.perf_counter() - start
    for worker in workers:
        worker.join()
    assert counter.value == 2 * CONTENDED
    return elapsed / counter.value * 1e9


def echo(a, b):
    for _ in range(ROUNDS):
        a.acquire()
        b.release()


def ping_pong(context):
    a, b = context.Semaphore(0), context.Semaphore(0)
    worker = context.Process(target=echo, args=(a, b))
    worker.start()
    start = time.perf_counter()
    for _ in range(ROUNDS):
        a.release()
        b.acquire()
    elapsed = time.perf_counter() - start
    worker.join()
    return elapsed / ROUNDS * 1e6


def meet(barrier):
    for _ in range(ROUNDS):
        barrier.wait()


def rounds(context):
    barrier = context.Barrier(2)
    worker = context.Process(target=meet, args=(barrier,))
    worker.start()
    barrier.wait()
    start = time.perf_counter()
    for _ in range(ROUNDS - 1):
        barrier.wait()
    elapsed = time.perf_counter() - start
    worker.join()
    return elapsed / (ROUNDS - 1) * 1e6


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    print(
        json.dumps(
            {
                "lock": uncontended(context.Lock()),
                "rLock": uncontended(context.RLock()),
                "semaphore": uncontended(context.Semaphore(1)),
                "coroutine": asyncio.run(coroutine()),
                "contended": contended(context),
                "pingPong": ping_pong(context),
                "barrier": rounds(context),
            }
        )
    )
