/** The owner's side of a pool, with a worker that this test plays. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { stub } from "@std/testing/mock";
import { FakeTime } from "@std/testing/time";
import { BrokenPoolError, WorkerLostError } from "../errors.ts";
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
import { until } from "./support/until.ts";

/** A worker that this test plays; it is up, and can die. */
interface Played {
  readonly worker: RingEnd;
  die(): void;
}

/** A dispatcher with one worker, or more. */
function start(size = 1, maxtasksperchild = Infinity): Played & {
  readonly dispatcher: Dispatcher;
  readonly workers: readonly RingEnd[];
  /** All workers that were started so far. */
  readonly played: readonly Played[];
} {
  const played: Played[] = [];
  const dispatcher = new Dispatcher("a test's pool", new Functions(undefined), {
    start(link) {
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      played.push({ worker: new RingEnd(link), die: resolve });
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
    size,
    maxtasksperchild,
    isLazy: false,
    modules: [],
  });
  dispatcher.open();
  const workers = played.map(({ worker }) => worker);
  for (const worker of workers) worker.answer(0, Answer.READY, null, "value");
  return { dispatcher, ...played[0]!, workers, played };
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

/** Teaches the workers the function, which takes so long (ms), as far as is known. */
async function warm(
  dispatcher: Dispatcher,
  workers: readonly RingEnd[],
  pace: number,
): Promise<void> {
  const given = workers.map(() => submit(dispatcher));
  for (const worker of workers) {
    await worker.take();
    await perform(worker);
  }
  for (const { eventual } of given) await eventual.wait();
  for (const worker of dispatcher.crew.workers) worker.pace = pace;
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
    await warm(dispatcher, [worker], 1);
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

  it("gives a worker nothing ahead of which it does not know how long it takes", async () => {
    const { dispatcher, worker } = start();
    const first = submit(dispatcher);
    const second = submit(dispatcher);
    await worker.take(); // the function
    await worker.take();
    assertEquals(second.task.state, State.PENDING);
    worker.answer(worker.id, infoOf(Answer.OK, 0), 9, "result");
    await first.eventual.wait();
    assertEquals(await perform(worker), second.task.id);
    await second.eventual.wait();
    await end(dispatcher);
  });

  it("lets nothing wait behind a task that takes unexpectedly long", async () => {
    const { dispatcher, workers } = start(2);
    await warm(dispatcher, workers, 0.5);
    const [slow, quick] = workers as [RingEnd, RingEnd];
    const given = Array.from({ length: 300 }, () => submit(dispatcher));
    await slow.take();
    slow.see(slow.id);
    slow.begin(slow.id);
    const { since } = dispatcher.crew.workers[0]!;
    await until(() => performance.now() - since > 20);
    const ids: number[] = [];
    while (ids.length < 299) {
      ids.push(await perform(quick));
      await Promise.resolve();
    }
    const behind = given.slice(0, 5).map(({ task }) => ids.indexOf(task.id));
    assert(Math.max(...behind) < 100, `${behind}`);
    slow.answer(slow.id, infoOf(Answer.OK, 0), 9, "result");
    for (const { eventual } of given) await eventual.wait();
    await end(dispatcher);
  });

  it("takes back what it has given ahead when tasks become longer", async () => {
    const { dispatcher, worker } = start();
    await warm(dispatcher, [worker], 0.02);
    const given = Array.from({ length: 60 }, () => submit(dispatcher));
    await worker.take();
    const [at] = dispatcher.crew.workers;
    assertEquals(at!.given.size, 51);
    const { since } = at!;
    await until(() => performance.now() - since > 40);
    worker.answer(worker.id, infoOf(Answer.OK, 0), 9, "result");
    await given[0]!.eventual.wait();
    assertEquals(at!.given.size, 1);
    const ids = [worker.id];
    while (ids.length < given.length) ids.push(await perform(worker));
    assertEquals(ids, given.map(({ task }) => task.id));
    for (const { eventual } of given) await eventual.wait();
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

  it("is broken by workers that end as soon as they are up", async () => {
    const { dispatcher, played } = start();
    const { eventual } = submit(dispatcher);
    // As long as another one takes its place.
    for (let at = 0; at < played.length; at++) {
      const { worker, die } = played[at]!;
      if (at > 0) worker.answer(0, Answer.READY, null, "value");
      die();
      await until(() => played.length > at + 1 || eventual.outcome !== null);
    }
    await assertRejects(
      () => eventual.value(),
      BrokenPoolError,
      "before it had anything to do",
    );
    assertEquals(played.length, 3);
    await end(dispatcher);
  });

  it("is not broken by workers that end now and then", async () => {
    const { dispatcher, played } = start();
    const { now } = performance;
    let later = 0;
    using _clock = stub(
      performance,
      "now",
      () => now.call(performance) + later,
    );
    for (let at = 0; at < 5; at++) {
      const { worker, die } = played[at]!;
      if (at > 0) worker.answer(0, Answer.READY, null, "value");
      dispatcher.collect();
      later += 20_000;
      die();
      await until(() => played.length > at + 1);
    }
    const { eventual } = submit(dispatcher);
    const { worker } = played.at(-1)!;
    worker.answer(0, Answer.READY, null, "value");
    dispatcher.collect();
    await worker.take();
    await perform(worker);
    assertEquals(await eventual.value(), 9);
    await end(dispatcher);
  });

  it("loses a task whose function ends workers, and goes on", async () => {
    const { dispatcher, played } = start();
    for (let tasks = 1; tasks <= 2; tasks++) {
      const { eventual } = submit(dispatcher);
      while (eventual.outcome === null) {
        const { worker, die } = played.at(-1)!;
        await worker.take(); // the function, which it loads
        worker.see(worker.id);
        const { length } = played;
        die();
        await until(() => played.length > length);
        const next = played.at(-1)!;
        next.worker.answer(0, Answer.READY, null, "value");
      }
      await assertRejects(() => eventual.value(), WorkerLostError);
      assertEquals(played.length, 1 + 3 * tasks);
    }
    const { eventual } = submit(dispatcher);
    const { worker } = played.at(-1)!;
    await worker.take();
    await perform(worker);
    assertEquals(await eventual.value(), 9);
    await end(dispatcher);
  });

  it("counts no task as done whose function its worker did not know", async () => {
    const { dispatcher, worker } = start(1, 10);
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
