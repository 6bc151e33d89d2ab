/** Who else uses a queue, for the conformance tests of queues. */

import {
  JoinableQueue,
  Process,
  Queue,
  SimpleQueue,
  Thread,
} from "@multi/processing";
import type { QueueFlavour, Runner } from "./queues.ts";

type Run = QueueFlavour["run"];

/** Runs it in a worker of that class. */
const runIn =
  (Worker: typeof Process | typeof Thread): Run => (fn, ...args) => {
    const worker = new (Worker as typeof Process)(
      { target: fn, args } as never,
    );
    worker.start();
    return {
      async end() {
        const result = await worker.result();
        await worker.join();
        return result as never;
      },
    };
  };

const runHere: Run = (fn, ...args) => {
  const result = (async () => await fn(...args))();
  return { end: () => result } as Runner<never>;
};

const made = {
  queue: <T>(maxsize?: number) => Promise.resolve(new Queue<T>(maxsize)),
  joinable: <T>(maxsize?: number) =>
    Promise.resolve(new JoinableQueue<T>(maxsize)),
  simple: <T>() => Promise.resolve(new SimpleQueue<T>()),
};

export const coroutines: QueueFlavour = {
  ...made,
  name: "coroutines",
  run: runHere,
  blocks: false,
};
export const threads: QueueFlavour = {
  ...made,
  name: "threads",
  run: runIn(Thread),
  blocks: true,
};
export const processes: QueueFlavour = {
  ...made,
  name: "processes",
  run: runIn(Process),
  blocks: Deno.build.os === "linux", // elsewhere, this process serves them
};
