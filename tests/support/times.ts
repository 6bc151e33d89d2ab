/** How often tests try what they leave to chance. */

const share = Number(Deno.env.get("TEST_SHARE") ?? 1);
if (!(share > 0)) throw new RangeError("TEST_SHARE must be a number above 0");

/** So often, or that share of it which `TEST_SHARE` says: CI has ten minutes. */
export function times(all: number): number {
  return Math.max(1, Math.ceil(all * share));
}

/** The most that is sent at once (MB): much more than any memory that is kept. */
export const LARGE = Math.max(20, times(100));
