/**
 * Taking turns: who lets others run goes to the end of the queue.
 *
 * The queue is the runtime's own queue of microtasks: to wait for a promise that
 * is settled already is to go to its end, and costs 50 ns. But timers and I/O
 * get nothing of the thread before that queue is empty. So, when coroutines have
 * had the thread for a slice of time, there is a gate: whoever comes to let
 * others run waits there, in order, until the event loop has been around.
 *
 * The gate is looked for only when a turn ends, not when one begins. So all who
 * were in the queue when it closed have one more turn each, and come to it in
 * the order in which they run anyway: two that alternate go on alternating.
 */

/** Milliseconds that coroutines have the thread before the event loop has it. */
const SLICE = 2;
/** The clock is looked at every so many turns, if they are short. */
const TURNS_A_LOOK = 32;
/** Milliseconds between looks from which on turns are not short. */
const LONG = 0.2;

/** To wait for it is to let the others run. */
export const SETTLED: Promise<void> = Promise.resolve();

let gate: Promise<void> | null = null;
let turnsLeft = 0;
let lastLook = 0;
let sliceEnds = 0;

/** Ends a turn: what it returns is to be waited for. */
export function turn(): Promise<void> {
  if (gate !== null) return gate;
  if (--turnsLeft > 0) return SETTLED;
  return look();
}

/** Begins a slice where none of the coroutines has had the thread. */
export function beginSlice(): void {
  if (gate === null) sliceEnds = performance.now() + SLICE;
}

/** Lets nobody have a turn before that; those who come wait in order. */
export function holdTurns(until: Promise<void>): void {
  const before = gate;
  closeGate((open) => {
    void Promise.all([until, before]).then(open);
  });
}

function look(): Promise<void> {
  const now = performance.now();
  turnsLeft = now - lastLook < LONG ? TURNS_A_LOOK : 0;
  lastLook = now;
  if (sliceEnds === 0) sliceEnds = now + SLICE; // the first one
  return now < sliceEnds ? SETTLED : closeGate(afterEvents);
}

function closeGate(until: (open: () => void) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  until(() => {
    if (gate === promise) gate = null;
    sliceEnds = performance.now() + SLICE;
    resolve();
  });
  return promise;
}

/** Calls back when the event loop has been around; 15 µs, a timer takes 1 ms. */
function afterEvents(callback: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    port2.close();
    callback();
  };
  port2.postMessage(null);
}
