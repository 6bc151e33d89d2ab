import { it } from "@std/testing/bdd";
import { isShort } from "./times.ts";

/**
 * An `it` that leaves out all steps but those with these names; `undefined`: none.
 * What is named and is not there fails.
 *
 * @param isAgain Whether the same steps are tried of another kind, too: then each
 * third one will do where `TEST_SHARE` says so.
 */
export function chosen(
  steps: readonly string[] | undefined,
  isAgain: boolean = steps !== undefined,
): (name: string, fn: () => void | Promise<void>) => void {
  const left = new Set(steps);
  // It comes last, as what is described is described at once.
  queueMicrotask(() => {
    if (left.size === 0) return;
    throw new Error(`there are no such steps: ${[...left].join("; ")}`);
  });
  let count = 0;
  return (name, fn) => {
    if (steps !== undefined && !left.delete(name)) return;
    if (!isAgain || !isShort || count++ % 3 === 0) it(name, fn);
  };
}
