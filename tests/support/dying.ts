/** Threads that die in the middle of what they do, at any step that others see. */

const STEPS = [
  "load",
  "store",
  "exchange",
  "compareExchange",
  "add",
  "and",
  "or",
] as const;

class Death extends Error {}

/**
 * Calls `fn`, which dies as it is about to take its `step`th atomic step: nothing
 * that it does after that, be it in a `finally`, is seen by others. Gives how many
 * steps it took, and whether it died.
 */
export function dieAt(
  step: number,
  fn: () => void,
): { steps: number; died: boolean } {
  const real = Object.fromEntries(STEPS.map((name) => [name, Atomics[name]]));
  let steps = 0;
  for (const name of STEPS) {
    const method = real[name] as (...args: unknown[]) => unknown;
    (Atomics as unknown as Record<string, unknown>)[name] = (
      ...args: unknown[]
    ) => {
      if (steps >= step) throw new Death();
      steps++;
      return method(...args);
    };
  }
  try {
    fn();
    return { steps, died: false };
  } catch (error) {
    if (error instanceof Death) return { steps, died: true };
    throw error;
  } finally {
    Object.assign(Atomics, real);
  }
}
