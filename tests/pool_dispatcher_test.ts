/** The owner's side of a pool, with a worker that this test plays. */

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { call, EventualOfCall } from "../internal/pool/calls.ts";
import {
  beginTask,
  currentTask,
  endTask,
} from "../internal/pool/current_task.ts";
import { Dispatcher } from "../internal/pool/dispatcher.ts";
import { Functions } from "../internal/pool/functions.ts";
import { Answer, infoOf, kindOf, numberOf } from "../internal/pool/messages.ts";
import { RingEnd } from "../internal/pool/ring_end.ts";
import { NO_LIMITS } from "../internal/pool/task.ts";
import type { WorkerEnd } from "../internal/pool/worker_end.ts";
import { square } from "./fixtures/pool_work.ts";

/** A dispatcher with one worker, which is up. */
function start(): { dispatcher: Dispatcher; worker: RingEnd } {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  let worker: RingEnd | null = null;
  const dispatcher = new Dispatcher("a test's pool", new Functions(undefined), {
    start(link) {
      worker = new RingEnd(link);
      return {
        name: "a test",
        ident: 1,
        lost: { pid: null, exitcode: 0, how: "ended", words: "" },
        ended,
        terminate: resolve,
        kill: resolve,
        hold() {},
        release() {},
      };
    },
    isServed: false,
    settings: {},
    setup: { initializer: null, initargs: [] },
    size: 1,
    maxtasksperchild: 10,
    isLazy: false,
    modules: [],
  });
  dispatcher.open();
  worker!.answer(0, Answer.READY, null, "value");
  return { dispatcher, worker: worker! };
}

describe("a dispatcher", () => {
  it("counts no task as done whose function its worker did not know", async () => {
    const { dispatcher, worker } = start();
    const eventual = new EventualOfCall(dispatcher, undefined);
    call(dispatcher, {
      fn: square,
      args: [3],
      limits: NO_LIMITS,
      retries: 0,
      transfer: undefined,
      keeper: dispatcher,
    }, eventual);
    const orders: number[] = [];
    const take = async () => {
      await worker.take();
      orders.push(kindOf(worker.info));
    };
    await take();
    const number = numberOf(worker.info);
    await take();
    const { id } = worker;
    worker.answer(id, infoOf(Answer.UNKNOWN, number), null, "value");
    await take();
    await take();
    assertEquals(orders, [...orders.slice(0, 2), ...orders.slice(0, 2)]);
    assertEquals(worker.id, id);
    const { done, left } = dispatcher.crew.workers[0]!;
    worker.answer(id, infoOf(Answer.OK, 0), 9, "result");
    await eventual.wait();
    assertEquals([done, left, eventual.take()], [0, 9, 9]);
    assertEquals(dispatcher.crew.workers[0]!.done, 1);
    dispatcher.terminate();
    await dispatcher.crew.gone;
  });
});

describe("a task", () => {
  it("that has ended tells nothing, though another one has its number", () => {
    const told: unknown[] = [];
    const end = {
      answer: (_id, _info, value) => told.push(value),
    } as Partial<WorkerEnd> as WorkerEnd;
    beginTask(1, end);
    const first = currentTask()!;
    first.progress("first");
    endTask();
    beginTask(1, end);
    first.progress("late");
    currentTask()!.progress("second");
    endTask();
    assertEquals(told, ["first", "second"]);
  });
});
