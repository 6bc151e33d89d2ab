/** Locks and queues that are served to those who cannot look at the memory. */

import { JoinableQueue, Queue, SimpleQueue } from "@multi/processing";
import { Crew } from "../support/crew.ts";
import { managedHere } from "../support/managed.ts";
import { lonely, managed } from "./lock_flavours.ts";
import { lockConformance } from "./locks.ts";
import { queueConformance, type QueueFlavour, usedByOthers } from "./queues.ts";

const runBy = (crew: Crew): Pick<QueueFlavour, "run" | "end" | "blocks"> => ({
  run: (target, ...args) => crew.start(target, ...args),
  end: () => crew.end(),
  blocks: false,
});

const withoutFfi = new Crew({ permissions: "none" });
lockConformance(lonely(withoutFfi));
usedByOthers({
  name: "processes without ffi",
  ...runBy(withoutFfi),
  queue: <T>(maxsize?: number) => Promise.resolve(new Queue<T>(maxsize)),
  joinable: <T>(maxsize?: number) =>
    Promise.resolve(new JoinableQueue<T>(maxsize)),
  simple: <T>() => Promise.resolve(new SimpleQueue<T>()),
});

const manager = await managedHere();
const clients = new Crew({});
lockConformance({ ...managed(manager, clients), isAnother: true });
queueConformance({
  name: "a manager",
  ...runBy(clients),
  queue: (maxsize) => manager.queue(maxsize),
  joinable: (maxsize) => manager.joinableQueue(maxsize),
  simple: () => manager.simpleQueue(),
});
