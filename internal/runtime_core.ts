/** What the runtime has inside, where there is no public way. */

/**
 * The runtime's core, of whose members none is promised: each is to be looked for.
 * `null`: it cannot be found.
 */
export function runtimeCore<T>(): Partial<T> | null {
  const { internal } = Deno as unknown as { internal?: symbol };
  if (typeof internal !== "symbol") return null;
  const inside = Deno as unknown as Record<symbol, { core?: Partial<T> }>;
  return inside[internal]?.core ?? null;
}
