"""2 processes × 3 threads × 5 coroutines fetch what is in one queue: the seconds.

    python3 requests.py asyncio|gevent COUNT URL

Connections are kept, one for each coroutine.
"""

import json
import multiprocessing
import sys
import threading
import time
from urllib.parse import urlsplit

PROCESSES, THREADS, COROUTINES = 2, 3, 5


async def drain_by_asyncio(who, urls, done):
    connection = None
    while (url := urls.get()) is not None:
        parts = urlsplit(url)
        if connection is None:
            connection = await asyncio.open_connection(
                parts.hostname, parts.port)
        reader, writer = connection
        target = f"{parts.path}?{parts.query}"
        writer.write(
            f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        length = 0
        while (line := await reader.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        await reader.readexactly(length)
        done.put((who, url))
    if connection is not None:
        connection[1].close()


def run_asyncio(who, urls, done):
    async def run():
        await asyncio.gather(*[
            drain_by_asyncio(f"{who}.{i}", urls, done)
            for i in range(COROUTINES)])
    asyncio.run(run())


def drain_by_gevent(who, urls, done):
    connection = None
    while (url := urls.get()) is not None:
        parts = urlsplit(url)
        if connection is None:
            connection = http.client.HTTPConnection(parts.netloc)
        connection.request("GET", f"{parts.path}?{parts.query}")
        connection.getresponse().read()
        done.put((who, url))
    if connection is not None:
        connection.close()


def run_gevent(who, urls, done):
    gevent.joinall([
        gevent.spawn(drain_by_gevent, f"{who}.{i}", urls, done)
        for i in range(COROUTINES)], raise_error=True)


def run_threads(run, who, urls, done):
    threads = [
        threading.Thread(target=run, args=(f"{who}.{i}", urls, done))
        for i in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


kind, count, url = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if kind == "asyncio":
    import asyncio
    run = run_asyncio
else:
    import gevent
    import gevent.socket
    import http.client
    # All of it would make the threads coroutines, of one thread.
    http.client.socket = gevent.socket
    run = run_gevent

start = time.perf_counter()
urls, done = multiprocessing.Queue(), multiprocessing.Queue()
for i in range(count):
    urls.put(f"{url}?{i}")
for _ in range(PROCESSES * THREADS * COROUTINES):
    urls.put(None)
processes = [
    multiprocessing.Process(target=run_threads, args=(run, i, urls, done))
    for i in range(PROCESSES)]
for process in processes:
    process.start()
results = [done.get() for _ in range(count)]
for process in processes:
    process.join()
seconds = time.perf_counter() - start
assert len({url for _, url in results}) == count
print(json.dumps(seconds))
