/**
 * Letting the program end although a call of a foreign function is pending: the
 * one place that knows how. The runtime has no public way; what it has itself is
 * looked for, and where that is missing, one has to do without such calls.
 */

type Unref = (promise: Promise<unknown>) => void;

const unref = find();

function find(): Unref | null {
  const { internal } = Deno as unknown as { internal?: symbol };
  if (typeof internal !== "symbol") return null;
  const inside = (Deno as unknown as Record<symbol, unknown>)[internal] as
    | { core?: { unrefOpPromise?: unknown } }
    | undefined;
  const method = inside?.core?.unrefOpPromise;
  return typeof method === "function" ? method as Unref : null;
}

/** Whether that is possible here. */
export function canLetEnd(): boolean {
  return unref !== null;
}

/** The program may end although that call is pending. */
export function letEnd(call: Promise<unknown>): void {
  unref?.(call);
}
