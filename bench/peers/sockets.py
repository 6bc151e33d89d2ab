"""Messages between two processes over sockets; prints what each took as JSON:
seconds for each of the rounds, by the names of the works."""

import json
import multiprocessing
import sys
import time
from multiprocessing.connection import Client, Listener

SMALL = {"id": 1, "name": "x", "args": [1, 2, 3]}


def echo(address, key):
    connection = Client(address, authkey=key)
    try:
        while True:
            connection.send(connection.recv())
    except EOFError:
        pass


def drain(address, key):
    connection = Client(address, authkey=key)
    try:
        while True:
            for _ in range(connection.recv()):
                connection.recv()
            connection.send("all")
    except EOFError:
        pass


def meet(address, target):
    key = b"secret"
    with Listener(address, authkey=key) as listener:
        process = multiprocessing.Process(
            target=target, args=(listener.address, key))
        process.start()
        return listener.accept(), process


def round_trips(connection, value, count):
    for _ in range(count):
        connection.send(value)
        connection.recv()


def stream(connection, value, count):
    connection.send(count)
    for _ in range(count):
        connection.send(value)
    connection.recv()


def timed(work, rounds, *args):
    times = []
    for turn in range(-1, rounds):
        start = time.perf_counter()
        work(*args)
        if turn >= 0:
            times.append(time.perf_counter() - start)
    return times


def connects(rounds):
    key = b"secret"
    times = []
    with Listener(("127.0.0.1", 0), authkey=key) as listener:
        process = multiprocessing.Process(
            target=connect_often, args=(listener.address, key, rounds))
        process.start()
        for _ in range(rounds + 1):
            connection = listener.accept()
        times = connection.recv()
        process.join()
    return times


def connect_often(address, key, rounds):
    times = []
    for turn in range(rounds + 1):
        start = time.perf_counter()
        connection = Client(address, authkey=key)
        if turn > 0:
            times.append(time.perf_counter() - start)
        if turn < rounds:
            connection.close()
    connection.send(times)
    connection.close()


if __name__ == "__main__":
    rounds, trips, messages, large = map(int, sys.argv[1:])
    results = {}
    for name, address in (("unix", None), ("tcp", ("127.0.0.1", 0))):
        connection, process = meet(address, echo)
        results[name + " trip"] = timed(
            round_trips, rounds, connection, SMALL, trips)
        results[name + " large"] = timed(
            round_trips, rounds, connection, b"x" * 2**20, large)
        connection.close()
        process.join()
        connection, process = meet(address, drain)
        results[name + " stream"] = timed(
            stream, rounds, connection, SMALL, messages)
        connection.close()
        process.join()
    results["connect"] = connects(20)
    print(json.dumps(results))
