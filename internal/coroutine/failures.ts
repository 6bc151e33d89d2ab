/** Errors of coroutines that nobody asks for: each is reported once. */

/** What is to be known of a coroutine that has failed. */
export interface Failure {
  readonly title: string;
  readonly outcome: unknown;
  /** How many wait for its end, who may ask for its error then. */
  readonly held: number;
  /** Whether somebody has got its error, or it has been reported. */
  told: boolean;
}

/**
 * Milliseconds, from the end of a coroutine, or of a wait for it, for somebody to
 * ask for its error: who waits for several asks for one after another.
 */
const GRACE = 500;

/** Those that nobody has asked for yet, and since when. */
const failures = new Map<Failure, number>();
let watching = false;
let listening = false;

/** Reports the error of a coroutine if nobody asks for it. */
export function watchFailure(failure: Failure): void {
  if (failure.told) return;
  failures.set(failure, performance.now());
  if (!listening) {
    listening = true;
    globalThis.addEventListener("unload", reportAll);
    // What nobody catches ends the program without that: it may be because of this.
    globalThis.addEventListener("error", reportUnlessPrevented);
    globalThis.addEventListener("unhandledrejection", reportUnlessPrevented);
  }
  if (!watching) void watch();
}

async function watch(): Promise<void> {
  watching = true;
  // A timer that does not keep the program alive, and that a test may leave.
  const word = new Int32Array(new SharedArrayBuffer(4));
  while (failures.size > 0) {
    await Atomics.waitAsync(word, 0, 0, GRACE).value;
    const due = performance.now() - GRACE;
    for (const [failure, since] of failures) {
      if (since > due) continue;
      failures.delete(failure);
      // One that is waited for comes here again when that wait is over.
      if (failure.held === 0) report(failure);
    }
  }
  watching = false;
}

/** Reports what nobody will ask for any more: the program, or thread, ends. */
export function reportAll(): void {
  for (const failure of failures.keys()) report(failure);
  failures.clear();
}

function reportUnlessPrevented(event: Event): void {
  if (!event.defaultPrevented) reportAll();
}

function report(failure: Failure): void {
  if (failure.told) return;
  failure.told = true;
  console.error(`Greenlet ${failure.title}:\n${inspect(failure.outcome)}`);
}

/** Reports an error of a callback. */
export function reportCallback(title: string, error: unknown): void {
  console.error(`Callback of greenlet ${title}:\n${inspect(error)}`);
}

/** A text of the error, also where it has a way of its own to make one. */
function inspect(error: unknown): string {
  try {
    return Deno.inspect(error);
  } catch {
    return error instanceof Error ? `${error.stack}` : typeof error;
  }
}
