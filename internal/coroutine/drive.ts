/** Runs coroutines that wait for promises, each in a context of its own. */

import { currentCoroutine, runIn } from "../context.ts";
import { type Body, type Core, RUNNING } from "./core.ts";
import { ignore, isThenable } from "./thenable.ts";
import { SETTLED, turn } from "./turns.ts";

let beginning: Core;

/** Calls the function of a coroutine, in a context of its own. */
export function begin(core: Core): void {
  beginning = core;
  runIn(core, beginHere);
}

/** (No closure, here and below: there may be 100,000.) */
function beginHere(): void {
  const core = beginning;
  core.state = RUNNING;
  let result: unknown;
  try {
    result = core.call();
    if (isGenerator(result)) core.body = result;
    else return finish(core, result);
  } catch (error) {
    core.fail(error);
    return;
  }
  void drive(core, result, NEXT, undefined);
}

/** Ends a coroutine with this, or with what it promises; in its context. */
export function finish(core: Core, result: unknown): void {
  if (isThenable(result)) settle(core, result);
  else core.finish(result);
}

/** Ends a coroutine with what this promises; in its context. */
export function settle(core: Core, result: PromiseLike<unknown>): void {
  core.body = null;
  // (What is not a promise of this runtime may call back from anywhere.)
  Promise.resolve(result).then(finishHere, failHere);
}

function finishHere(value: unknown): void {
  (currentCoroutine() as Core).finish(value);
}

function failHere(error: unknown): void {
  (currentCoroutine() as Core).fail(error);
}

/** Resumes a generator that waits, by throwing this in it. */
export function resumeByThrowing(core: Core, error: Error): void {
  runIn(core, () => drive(core, core.body!, THROW, error));
}

/** How a driver begins: it resumes the generator, throws in it, or waits first. */
export const NEXT = 0;
/** It throws the value, when the killer's turn is over. */
export const THROW = 1;
/** It waits for the value, which the generator has yielded. */
export const WAIT = 2;

/**
 * Drives a generator to its end, or until a kill makes another driver: this one
 * may be waiting for a promise that nobody can take it from.
 */
export async function drive(
  core: Core,
  body: Body,
  first: typeof NEXT | typeof THROW | typeof WAIT,
  given: unknown,
): Promise<void> {
  const driver = ++core.driver;
  const isAsync = Symbol.asyncIterator in body;
  let throwing = first === THROW;
  let error = given;
  let value = given;
  let waits = first === WAIT;
  try {
    if (throwing) {
      await SETTLED;
      if (core.driver !== driver) return;
    }
    for (;;) {
      if (!waits) {
        core.inside = true;
        const resumed = throwing ? body.throw(error) : body.next();
        throwing = false;
        const step = isAsync
          ? await resumed
          : resumed as IteratorResult<unknown, unknown>;
        core.inside = false;
        value = step.value;
        if (step.done) return finish(core, value);
      }
      waits = false;
      if (core.pending !== null) {
        // It was killed by what it called, and nothing there has thrown it.
        error = core.pending;
        throwing = true;
        core.pending = null;
        if (isThenable(value)) void ignore(value);
        continue;
      }
      if (isThenable(value)) {
        try {
          await value;
        } catch (reason) {
          error = reason;
          throwing = true;
        }
        const next = turn();
        if (next !== SETTLED) await next;
      } else {
        // (An async generator has been to the end of the queue, twice.)
        const next = turn();
        if (next !== SETTLED || !isAsync) await next;
      }
      if (core.driver !== driver) return;
    }
  } catch (error) {
    if (core.driver === driver) core.fail(error);
  }
}

function isGenerator(value: unknown): value is Body {
  if (typeof value !== "object" || value === null) return false;
  const tag = Object.prototype.toString.call(value);
  return tag === "[object Generator]" || tag === "[object AsyncGenerator]";
}
