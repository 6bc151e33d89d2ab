/**
 * Whether a thread has left something behind that would act in its Worker when
 * that runs the next thread: a timer, or a listener of the global scope. Such a
 * Worker is not used again.
 *
 * The functions of the global scope that make these are wrapped in a Worker of
 * ours, those of timers when they are first used: the runtime loads them then.
 * (`process.getActiveResourcesInfo()` knows the timers, but only to touch
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

type Timer = (callback: unknown, ...rest: unknown[]) => unknown;
type Clear = (timer?: unknown) => void;

/** From now on timers and listeners are counted. */
export function countLeftovers(): void {
  wrap("addEventListener", (add: typeof addEventListener) =>
  (
    ...args: Parameters<typeof addEventListener>
  ) => {
    listeners++;
    return add.apply(globalThis, args);
  });
  wrap("setTimeout", (set: Timer) => (callback, ...rest) => {
    const call = typeof callback !== "function"
      ? callback
      : (...args: unknown[]) => {
        timers.delete(timer);
        callback(...args);
      };
    const timer = set(call, ...rest);
    timers.add(timer);
    return timer;
  });
  wrap("setInterval", (set: Timer) => (...args) => {
    const timer = set(...args);
    timers.add(timer);
    return timer;
  });
  for (const name of ["clearTimeout", "clearInterval"]) {
    wrap(name, (clear: Clear) => (timer) => {
      timers.delete(timer);
      clear(timer);
    });
  }
}

/** Has what `around` makes of a function in its place, as soon as it is used. */
function wrap<F extends (...args: never[]) => unknown>(
  name: string,
  around: (inner: F) => F,
): void {
  const { get } = Object.getOwnPropertyDescriptor(scope, name) ?? {};
  const put = (value: unknown) =>
    Object.defineProperty(scope, name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  const wrapped = (inner: F) =>
    Object.defineProperty(around(inner), "name", { value: name });
  if (get === undefined) {
    put(wrapped(scope[name] as F));
    return;
  }
  Object.defineProperty(scope, name, {
    get() {
      const value = wrapped(get.call(scope));
      put(value);
      return value;
    },
    set: put,
    configurable: true,
    enumerable: true,
  });
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
