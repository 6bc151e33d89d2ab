import { it } from "@std/testing/bdd";

/**
 * An `it` that leaves out all steps but those with these names; `undefined`: none.
 * What is named and is not there fails.
 */
export function chosen(
  steps: readonly string[] | undefined,
): (name: string, fn: () => void | Promise<void>) => void {
  if (steps === undefined) return it;
  const left = new Set(steps);
  // It comes last, as what is described is described at once.
  queueMicrotask(() => {
    if (left.size === 0) return;
    throw new Error(`there are no such steps: ${[...left].join("; ")}`);
  });
  return (name, fn) => {
    if (left.delete(name)) it(name, fn);
  };
}
