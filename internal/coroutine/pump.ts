/**
 * Runs generators that only yield: all of them in one loop, a step each in turn.
 *
 * So a switch costs 60 ns, and a coroutine 640 bytes: it needs no promise, no
 * async function and no context of its own. While one has its step, the context
 * of the loop, the seat, says that it is the one who runs.
 *
 * A step that yields a promise has called something asynchronous, which goes on
 * in the context of the seat. So that coroutine keeps the seat for good, and is
 * driven by an async function in it; the loop goes on in a new seat. Others with
 * the same function have a context of their own from the beginning.
 *
 *     pump() ──> later ──(next round)──> now ──step──> later
 *                                        │     └──> keeps the seat: drive()
 *                                        └──> begin()
 *
 * (What a step calls but does not yield is nobody's after its first `await`: by
 * then others have had the seat.)
 */

import {
  type Context,
  type Coroutine,
  runIn,
  threadContext,
} from "../context.ts";
import { type Core, RUNNING, SCHEDULED } from "./core.ts";
import { begin, drive, settle, WAIT } from "./drive.ts";
import { ignore, isThenable } from "./thenable.ts";
import { beginSlice, SETTLED, turn } from "./turns.ts";

/** Where coroutines have their steps, one after another. */
class Seat implements Context {
  core: Core | null = null;

  get owner(): object {
    return this.core ?? threadContext().owner;
  }

  get coroutine(): Coroutine | null {
    return this.core;
  }
}

/** This round's, of which those from `at` on are to have their step. */
let now: Core[] = [];
let at = 0;
/** The next round's. */
let later: Core[] = [];
/** Wakes the loop; `null` where it is awake. */
let wake: (() => void) | null = null;
let isStarted = false;
/** The functions of those that have yielded a promise. */
const waiting = new WeakSet<Core["fn"]>();
/**
 * Of the program's own contexts (an `AsyncLocalStorage` of it) the loop has what
 * this module was imported in: not what the first one was spawned in.
 */
const importing = Promise.withResolvers<void>();
void importing.promise.then(() => {
  const seat = new Seat();
  runIn(seat, () => loop(seat));
});

/** Puts a generator in the queue. Only after the contexts are loaded. */
export function pump(core: Core): void {
  later.push(core);
  if (wake !== null) wake();
  else if (!isStarted) importing.resolve();
  wake = null;
  isStarted = true;
}

/** Starts a loop in a seat of its own, which goes on where the last one ended. */
function start(): void {
  const seat = new Seat();
  runIn(seat, () => SETTLED.then(() => loop(seat)));
}

async function loop(seat: Seat): Promise<void> {
  for (;;) {
    while (at < now.length) {
      const core = now[at++]!;
      if (!step(core, seat)) return start();
      const next = turn();
      if (next !== SETTLED || at === now.length) await next;
    }
    if (later.length === 0) {
      now = []; // or those of the last round would be kept
      await new Promise<void>((resolve) => wake = resolve);
      beginSlice();
    }
    now = later;
    later = [];
    at = 0;
  }
}

/** Gives one a step; `false` if it keeps the seat. */
function step(core: Core, seat: Seat): boolean {
  if (core.isDone) return true;
  if (core.state === SCHEDULED && waiting.has(core.fn)) {
    begin(core);
    return true;
  }
  seat.core = core;
  core.inside = true;
  let step;
  let waits;
  try {
    if (core.state === SCHEDULED) {
      core.state = RUNNING;
      core.body = core.call() as Generator<unknown, unknown, void>;
    }
    const body = core.body as Generator<unknown, unknown, void>;
    const exit = core.pending;
    core.pending = null;
    step = exit === null ? body.next() : body.throw(exit);
    waits = isThenable(step.value);
  } catch (error) {
    seat.core = null;
    core.fail(error);
    return true;
  }
  core.inside = false;
  if (waits && (step.done || core.pending === null)) {
    waiting.add(core.fn);
    if (step.done) settle(core, step.value as PromiseLike<unknown>);
    else void drive(core, core.body!, WAIT, step.value);
    return false;
  }
  seat.core = null;
  if (step.done) {
    core.finish(step.value);
  } else {
    later.push(core);
    // It has killed itself, and need not wait.
    if (waits) void ignore(step.value as PromiseLike<unknown>);
  }
  return true;
}
