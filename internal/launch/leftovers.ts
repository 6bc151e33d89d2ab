/**
 * Whether a thread has left something behind that would act in its Worker when
 * that runs the next thread: a timer, or a listener of the global scope. Such a
 * Worker is not used again.
 *
 * The functions of the global scope that make these are wrapped in a Worker of
 * ours. (`process.getActiveResourcesInfo()` knows the timers, but only to touch
 * `process` takes a Worker 14 ms and 2 MB.)
 */

/** What the global scope has. */
const scope = globalThis as unknown as Record<string, unknown>;
const HANDLERS = [
  "onerror",
  "onmessage",
  "onmessageerror",
  "onrejectionhandled",
  "onunhandledrejection",
  "onunload",
  "onbeforeunload",
];

/** The timers that are set. What clears one by a copy of its id leaves it here. */
const timers = new Set<unknown>();
let listeners = 0;

let timersBefore = 0;
let listenersBefore = 0;
let handlersBefore: unknown[] = [];

/** From now on timers and listeners are counted. */
export function countLeftovers(): void {
  const { addEventListener, setTimeout, setInterval } = globalThis;
  wrap("addEventListener", (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    return addEventListener.apply(globalThis, args);
  });
  wrap("setTimeout", (...args: Parameters<typeof setTimeout>) => {
    const [callback] = args;
    if (typeof callback === "function") {
      args[0] = (...rest: unknown[]) => {
        timers.delete(timer);
        (callback as (...rest: unknown[]) => void)(...rest);
      };
    }
    const timer: unknown = setTimeout(...args);
    timers.add(timer);
    return timer;
  });
  wrap("setInterval", (...args: Parameters<typeof setInterval>) => {
    const timer: unknown = setInterval(...args);
    timers.add(timer);
    return timer;
  });
  for (const name of ["clearTimeout", "clearInterval"] as const) {
    const clear = globalThis[name];
    wrap(name, (timer?: Parameters<typeof clear>[0]) => {
      timers.delete(timer);
      clear(timer);
    });
  }
}

// deno-lint-ignore no-explicit-any
function wrap(name: string, value: (...args: any[]) => unknown): void {
  Object.defineProperty(value, "name", { value: name });
  scope[name] = value;
}

const handlers = () => HANDLERS.map((name) => scope[name]);

/** The target is about to be called. */
export function beginLeftovers(): void {
  timersBefore = timers.size;
  listenersBefore = listeners;
  handlersBefore = handlers();
}

/** Whether there is more than when it was called. */
export function hasLeftovers(): boolean {
  return timers.size > timersBefore || listeners > listenersBefore ||
    handlers().some((handler, i) => handler !== handlersBefore[i]);
}
