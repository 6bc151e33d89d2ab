/** What the runtime has inside, where there is no public way. */

/**
 * The runtime's core, of whose members none is promised: each is to be looked for.
 * `null`: it cannot be found.
 */
export function runtimeCore<T>(): Partial<T> | null {
  return runtimeInside<{ core: Partial<T> }>()?.core ?? null;
}

/** What is beside the core; likewise. */
export function runtimeInside<T>(): Partial<T> | null {
  const { internal } = Deno as unknown as { internal?: symbol };
  if (typeof internal !== "symbol") return null;
  return (Deno as unknown as Record<symbol, Partial<T>>)[internal] ?? null;
}
