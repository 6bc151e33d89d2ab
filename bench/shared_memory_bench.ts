/**
 * A SharedDict beside Python's `Manager().dict()` and a `Map`; a SharedArray of
 * 1,000,000 doubles beside Python's `Array` and a `Float64Array`; a SharedValue
 * beside Python's; the dict where two processes use it; and a SharedList that is
 * given many values at once.
 */

import {
  Process,
  SharedArray,
  SharedDict,
  SharedList,
  SharedValue,
} from "@multi/processing";
import { median, printRows, python, rounds } from "./support.ts";

const ROUNDS = 5;
const OPERATIONS = 200_000;
const PYTHON_OPERATIONS = 3000;
const LENGTH = 1_000_000;
const AT_ONCE = 20_000;
const SMALL = { id: 17, name: "a small value", args: [1, 2, 3] };

/** How long one takes of many (µs). */
function each(work: (i: number) => void): number {
  const start = performance.now();
  for (let i = 0; i < OPERATIONS; i++) work(i);
  return (performance.now() - start) / OPERATIONS * 1000;
}

/** What a `Map` and a SharedDict have in common. */
interface Dict {
  get(key: string): unknown;
  set(key: string, value: unknown): unknown;
}

function timesOf(dict: Dict) {
  dict.set("count", 0);
  return {
    set: each((i) => dict.set("count", i)),
    get: each(() => dict.get("count")),
    setSmall: each(() => dict.set("small", SMALL)),
    getSmall: each(() => dict.get("small")),
    setMany: each((i) => dict.set(`key ${i}`, i)),
    getMany: each((i) => dict.get(`key ${i}`)),
  };
}

/** How long a value of a list takes, put in and taken out (µs). */
function listTimes() {
  const values = Array.from({ length: AT_ONCE }, (_, i) => i);
  const time = (work: (list: SharedList<number>) => void) => {
    using list = new SharedList<number>();
    const start = performance.now();
    work(list);
    return (performance.now() - start) / AT_ONCE * 1000;
  };
  return {
    pushOne: time((list) => {
      for (const value of values) list.push(value);
      for (const _ of values) list.pop();
    }),
    pushAll: time((list) => {
      list.push(...values);
      list.splice(0, AT_ONCE);
    }),
  };
}

/** Writes and reads all (ms). */
function arrayTime(array: { [index: number]: number }): number {
  const start = performance.now();
  for (let i = 0; i < LENGTH; i++) array[i] = i;
  let sum = 0;
  for (let i = 0; i < LENGTH; i++) sum += array[i]!;
  if (sum !== LENGTH * (LENGTH - 1) / 2) throw new Error(`${sum}`);
  return performance.now() - start;
}

/** Sets and gets keys of its own, between two moments that all agree on. */
export function use(
  dict: SharedDict<number>,
  ready: SharedValue<"i">,
  parties: number,
): number {
  const own = ready.add(1);
  while (ready.value < parties);
  return each((i) => {
    const key = `key ${own} ${i & 1023}`;
    if (i & 1) dict.get(key);
    else dict.set(key, i);
  });
}

/** How long an operation takes where so many do some at the same time (µs). */
async function together(parties: number): Promise<number> {
  using dict = new SharedDict<number>();
  const ready = new SharedValue("i", 0);
  const processes = Array.from(
    { length: parties },
    () => new Process({ target: use, args: [dict, ready, parties] }),
  );
  for (const process of processes) process.start();
  const times = await Promise.all(processes.map((process) => process.result()));
  for (const process of processes) await process.join();
  return Math.max(...times);
}

interface PythonTimes {
  set: number;
  get: number;
  update: number;
  array: number;
  value: number;
}

if (import.meta.main) {
  const all: Record<string, number>[] = [];
  for (const round of rounds(ROUNDS, 1)) {
    using dict = new SharedDict<unknown>();
    const shared = timesOf(dict);
    dict.set("count", 0);
    const update = each(() => dict.update("count", (n) => n as number + 1));
    const map = timesOf(new Map<string, unknown>());
    const value = new SharedValue("i", 0);
    const array = new SharedArray("d", LENGTH);
    const peer = await python(
      "shared_memory.py",
      `${PYTHON_OPERATIONS}`,
    ) as PythonTimes;
    const times = {
      ...shared,
      ...listTimes(),
      update,
      mapSet: map.set,
      mapGet: map.get,
      add: each(() => value.add(1)),
      index: arrayTime(array as unknown as { [index: number]: number }),
      typed: arrayTime(array.array),
      plain: arrayTime(new Float64Array(LENGTH)),
      one: await together(1),
      two: await together(2),
      pythonSet: peer.set,
      pythonGet: peer.get,
      pythonUpdate: peer.update,
      pythonArray: peer.array,
      pythonValue: peer.value,
    };
    if (round >= 0) all.push(times); // the first one warms the caches
  }
  const of = (name: string) => median(all.map((times) => times[name]!));
  const row = (
    work: string,
    ours: string,
    peer: string,
    theirs: string,
    budget: number | null = null,
  ) => ({ work, ours: of(ours), peer, theirs: of(theirs), budget });
  printRows([
    row(
      "dict: set a number (µs)",
      "set",
      "Manager().dict()",
      "pythonSet",
      0.05,
    ),
    row(
      "dict: get a number (µs)",
      "get",
      "Manager().dict()",
      "pythonGet",
      0.05,
    ),
    row("dict: += 1 (µs)", "update", "Manager().dict()", "pythonUpdate", 0.05),
    row("dict: set a number (µs)", "set", "a Map", "mapSet"),
    row("dict: get a number (µs)", "get", "a Map", "mapGet"),
    row("dict: set a small object (µs)", "setSmall", "a number", "set"),
    row("dict: get a small object (µs)", "getSmall", "a number", "get"),
    row("dict: set 200,000 keys (µs)", "setMany", "one key", "set"),
    row("dict: get 200,000 keys (µs)", "getMany", "one key", "get"),
    row("dict: 2 processes (µs)", "two", "1 process", "one"),
    row("list: 20,000 at a time (µs)", "pushAll", "one at a time", "pushOne"),
    row("array[i]: 1,000,000 (ms)", "index", "Array", "pythonArray"),
    row("array[i]: 1,000,000 (ms)", "index", "a Float64Array", "plain"),
    row("array.array[i] (ms)", "typed", "a Float64Array", "plain"),
    row("value: add(1) (µs)", "add", "Value under its lock", "pythonValue"),
  ]);
}
