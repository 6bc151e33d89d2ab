import { assertEquals } from "@std/assert";
import { afterAll, beforeAll } from "@std/testing/bdd";
import { activeThreads, setExcepthook, Thread } from "@multi/processing";
import * as work from "../fixtures/thread_work.ts";
import { workerConformance } from "./workers.ts";

beforeAll(() => setExcepthook(() => {}));
afterAll(() => setExcepthook(null));

workerConformance({
  name: "thread",
  Worker: Thread,
  quiet: {},
  active: () => activeThreads().slice(1),
  assertEnded(worker) {
    assertEquals(worker.isAlive(), false);
  },
  isDaemon: work.isDaemon,
  daemonsBelow: work.daemonsBelow,
  countBelow: work.countBelow,
});
