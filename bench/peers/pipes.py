"""Messages through a pipe between two processes; prints as JSON how many seconds
each of the rounds took, by the names of the works."""

import json
import multiprocessing
import sys
import time

SMALL = {"id": 1, "name": "x", "args": [1, 2, 3]}
MIB = b"x" * 2**20


def echo(connection):
    try:
        while True:
            connection.send(connection.recv())
    except EOFError:
        pass


def drain(connection):
    try:
        while True:
            for _ in range(connection.recv()):
                connection.recv()
            connection.send("all")
    except EOFError:
        pass


def meet(target):
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=run, args=(target, here, there))
    process.start()
    there.close()
    return here, process


def run(target, here, there):
    here.close()
    target(there)


def round_trips(connection, value, count):
    start = time.perf_counter()
    for _ in range(count):
        connection.send(value)
        connection.recv()
    return time.perf_counter() - start


def cold(connection, count):
    seconds = []
    for _ in range(count):
        time.sleep(0.01)
        seconds.append(round_trips(connection, SMALL, 1))
    return sorted(seconds)[count // 2]


def stream(connection, count):
    connection.send(count)
    start = time.perf_counter()
    for _ in range(count):
        connection.send(SMALL)
    connection.recv()
    return time.perf_counter() - start


if __name__ == "__main__":
    trips, silences, messages, large = map(int, sys.argv[1:])
    results = {}
    connection, process = meet(echo)
    round_trips(connection, SMALL, trips // 10)
    results["hot"] = round_trips(connection, SMALL, trips) / trips
    results["cold"] = cold(connection, silences)
    results["large"] = round_trips(connection, MIB, large) / large
    connection.close()
    process.join()
    connection, process = meet(drain)
    results["stream"] = stream(connection, messages) / messages
    connection.close()
    process.join()
    print(json.dumps(results))
