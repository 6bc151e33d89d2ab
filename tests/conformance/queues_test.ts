import {
  JoinableQueue,
  Process,
  Queue,
  SimpleQueue,
  Thread,
} from "@multi/processing";
import { queueConformance, type Runner } from "./queues.ts";

type Run = <A extends unknown[], R>(
  fn: (...args: A) => R | PromiseLike<R>,
  ...args: A
) => Runner<R>;

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
  return { end: () => result };
};

const ways: [name: string, run: Run, blocks: boolean][] = [
  ["coroutines", runHere, false],
  ["threads", runIn(Thread), true],
  ["processes", runIn(Process), true],
];
for (const [name, run, blocks] of ways) {
  queueConformance({
    name,
    run,
    blocks,
    queue: <T>(maxsize?: number) => Promise.resolve(new Queue<T>(maxsize)),
    joinable: <T>(maxsize?: number) =>
      Promise.resolve(new JoinableQueue<T>(maxsize)),
    simple: <T>() => Promise.resolve(new SimpleQueue<T>()),
  });
}
