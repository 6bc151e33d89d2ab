/** Starts coroutines, of each kind in the order in which they were spawned. */

import { loadContexts } from "../context.ts";
import { type Core, NEW, SCHEDULED } from "./core.ts";
import { begin } from "./drive.ts";
import { pump } from "./pump.ts";
import { holdTurns, SETTLED } from "./turns.ts";

const GeneratorFunction = Object.getPrototypeOf(function* () {}).constructor;

/** Those that begin in a context of their own; `at` is the next one's place. */
let now: Core[] = [];
let at = 0;
/** Those after them. */
let later: Core[] = [];
/** All, until the contexts are loaded. */
let early: Core[] = [];

/** Lets it start when those before it have; not if it is killed before. */
export function schedule(core: Core): void {
  if (core.state !== NEW) return;
  core.state = SCHEDULED;
  const loading = loadContexts();
  if (loading === null) {
    enter(core);
  } else {
    early.push(core);
    if (early.length === 1) holdTurns(loading.then(enterEarly));
  }
}

/** Their microtasks come before those of who waits for this. */
function enterEarly(): void {
  for (const core of early) enter(core);
  early = [];
}

function enter(core: Core): void {
  if (core.fn instanceof GeneratorFunction) {
    pump(core);
  } else {
    later.push(core);
    // One microtask for each, so that each begins in the context it was spawned
    // in, as far as that is the program's own (an `AsyncLocalStorage` of it).
    void SETTLED.then(startNext);
  }
}

function startNext(): void {
  if (at === now.length) {
    now = later;
    later = [];
    at = 0;
  }
  const core = now[at++]!;
  if (core.state === SCHEDULED) begin(core);
}
