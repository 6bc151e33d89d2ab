"""Coroutines spawned and joined, and switches: the seconds that each run takes.

    python3 coroutines.py asyncio|gevent COROUTINES TURNS
"""

import json
import sys
import time


async def asyncio_work(turns):
    for _ in range(turns):
        await asyncio.sleep(0)


async def asyncio_run(coroutines, turns):
    await asyncio.gather(
        *[asyncio.create_task(asyncio_work(turns)) for _ in range(coroutines)]
    )


def gevent_work(turns):
    for _ in range(turns):
        gevent.sleep(0)


def gevent_run(coroutines, turns):
    gevent.joinall([gevent.spawn(gevent_work, turns) for _ in range(coroutines)])


kind, coroutines, turns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if kind == "asyncio":
    import asyncio

    start = time.perf_counter()
    asyncio.run(asyncio_run(coroutines, turns))
else:
    import gevent

    start = time.perf_counter()
    gevent_run(coroutines, turns)
print(json.dumps(time.perf_counter() - start))
