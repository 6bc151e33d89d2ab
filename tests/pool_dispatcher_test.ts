/** The owner's side of a pool, with a worker that this test plays. */

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { call, EventualOfCall } from "../internal/pool/calls.ts";
import {
  beginTask,
  currentTask,
  endTask,
} from "../internal/pool/current_task.ts";
import { Dispatcher } from "../internal/pool/dispatcher.ts";
import { Functions } from "../internal/pool/functions.ts";
import { ImapJob } from "../internal/pool/imap_job.ts";
import { MapJob, type MapPlan } from "../internal/pool/map_job.ts";
import { Answer, infoOf, kindOf, numberOf } from "../internal/pool/messages.ts";
import { RingEnd } from "../internal/pool/ring_end.ts";
import {
  NO_LIMITS,
  State,
  type Task,
  type TaskLimits,
} from "../internal/pool/task.ts";
import type { WorkerEnd } from "../internal/pool/worker_end.ts";
import { square } from "./fixtures/pool_work.ts";

/** A dispatcher with one worker, which is up, and can die. */
function start(): { dispatcher: Dispatcher; worker: RingEnd; die(): void } {
  let worker: RingEnd | null = null;
  let die = () => {};
  const dispatcher = new Dispatcher("a test's pool", new Functions(undefined), {
    start(link) {
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      worker = new RingEnd(link);
      die = resolve;
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
  return { dispatcher, worker: worker!, die };
}

/** A call that is given to it. */
function submit(
  dispatcher: Dispatcher,
  limits: Partial<TaskLimits> = {},
): { task: Task; eventual: EventualOfCall } {
  const eventual = new EventualOfCall(dispatcher, undefined);
  const task = call(dispatcher, {
    fn: square,
    args: [3],
    limits: { ...NO_LIMITS, ...limits },
    retries: 1,
    transfer: undefined,
    keeper: dispatcher,
  }, eventual);
  return { task, eventual };
}

/** Takes the next task, and does it. */
async function perform(worker: RingEnd, result: unknown = 9): Promise<number> {
  await worker.take();
  const { id } = worker;
  worker.see(id);
  worker.answer(id, infoOf(Answer.OK, 0), result, "result");
  return id;
}

/** A map over these items. */
function planOf(dispatcher: Dispatcher, items: unknown, retries = 0): MapPlan {
  return {
    fn: dispatcher.functions.of(square),
    items,
    isStar: false,
    chunksize: undefined,
    limits: NO_LIMITS,
    retries,
    keeper: dispatcher,
    told: undefined,
  };
}

/** What a map gives. */
function mapped(
  dispatcher: Dispatcher,
  items: unknown,
): Promise<readonly [ok: boolean, value: unknown]> {
  return new Promise((resolve) => {
    const plan = planOf(dispatcher, items);
    new MapJob(dispatcher, plan, (...outcome) => resolve(outcome));
  });
}

/** Whether a closed pool lets its workers end. */
function lets(dispatcher: Dispatcher): boolean {
  dispatcher.close();
  return dispatcher.crew.workers.every(({ isLeaving }) => isLeaving);
}

async function end(dispatcher: Dispatcher): Promise<void> {
  dispatcher.terminate();
  await dispatcher.crew.gone;
}

describe("a dispatcher", () => {
  it("gives out again what it has taken back with a task that is cancelled", async () => {
    const { dispatcher, worker } = start();
    const first = submit(dispatcher);
    const second = submit(dispatcher);
    await worker.take(); // the function, which may take long to load
    assertEquals(dispatcher.cancel(first.task, "not wanted"), true);
    assertEquals(await perform(worker), second.task.id);
    assertEquals(await second.eventual.value(), 9);
    await end(dispatcher);
  });

  it("gives out at once what a worker can have ahead", async () => {
    const { dispatcher, worker } = start();
    const warm = submit(dispatcher);
    await worker.take(); // the function
    await perform(worker);
    await warm.eventual.wait();
    const ids = [1, 2].map(() => submit(dispatcher).task.id);
    // As if this thread were blocked from here on.
    const taken = ids.map(() => {
      worker.takeSync({ timeout: 0 });
      worker.drop();
      return worker.id;
    });
    assertEquals(taken, ids);
    await end(dispatcher);
  });

  it("lets no task be late to begin that has begun", async () => {
    using time = new FakeTime();
    const { dispatcher, worker, die } = start();
    const { task } = submit(dispatcher, { queueTimeout: 100 });
    await worker.take(); // the function
    await worker.take();
    worker.see(worker.id);
    die();
    await dispatcher.crew.workers[0]!.carrier.ended;
    await Promise.resolve();
    assertEquals(task.state, State.PENDING);
    time.tick(1000);
    assertEquals(task.state, State.PENDING);
    await end(dispatcher);
  });

  it("counts no task as done whose function its worker did not know", async () => {
    const { dispatcher, worker } = start();
    const { eventual } = submit(dispatcher);
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
    await end(dispatcher);
  });
});

describe("a source of tasks", () => {
  it("is gone when all is done of a stream that had more to be asked for", async () => {
    const { dispatcher, worker } = start();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    async function* stream() {
      yield* [1, 2];
      resolve();
    }
    const map = mapped(dispatcher, stream());
    await worker.take(); // the function
    await perform(worker, [1]);
    await worker.take();
    await ended;
    for (let i = 0; i < 10; i++) await Promise.resolve(); // the end is seen
    worker.see(worker.id);
    worker.answer(worker.id, infoOf(Answer.OK, 0), [4], "result");
    assertEquals(await map, [true, [1, 4]]);
    assertEquals(lets(dispatcher), true);
    await end(dispatcher);
  });

  it("is gone when nobody wants what it is to give once more", async () => {
    const { dispatcher, worker, die } = start();
    const { carrier } = dispatcher.crew.workers[0]!;
    const plan = planOf(dispatcher, [1], 1);
    const kind = { isOrdered: true, endsByError: false };
    const job = new ImapJob(dispatcher, plan, kind);
    await worker.take(); // the function
    await worker.take();
    worker.see(worker.id);
    die();
    await carrier.ended;
    await Promise.resolve();
    await job.return();
    assertEquals(lets(dispatcher), true);
    await end(dispatcher);
  });

  it("fails a map although its stream throws when it is closed", async () => {
    const { dispatcher, worker } = start();
    const stream = {
      [Symbol.asyncIterator]: () => stream,
      next: () => Promise.resolve({ value: 1 }),
      return() {
        throw new EvalError("not to be closed");
      },
    };
    const map = mapped(dispatcher, stream);
    await worker.take(); // the function
    await worker.take();
    worker.see(worker.id);
    worker.answer(worker.id, infoOf(Answer.ERROR, 0), "failed", "error");
    assertEquals(await map, [false, "failed"]);
    assertEquals(lets(dispatcher), true);
    await end(dispatcher);
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
