/** How often tests try what they leave to chance. */

const VARIABLE = "TEST_SHARE";
// Children that load a test may have no permission to ask.
const { state } = Deno.permissions.querySync({
  name: "env",
  variable: VARIABLE,
});
const share = Number(state === "granted" && Deno.env.get(VARIABLE) || 1);
if (!(share > 0)) throw new RangeError(`${VARIABLE} must be a number above 0`);

/** Whether it is to be over sooner. */
export const isShort = share < 1;

/**
 * So often, or that share of it which `TEST_SHARE` says, but `least` times at
 * least: CI has ten minutes.
 */
export function times(all: number, least = 1): number {
  return Math.max(Math.min(least, all), Math.ceil(all * share));
}

/** That share of a list, `least` of it at least, from all parts of it. */
export function sample<T>(all: readonly T[], least: number): T[] {
  const count = times(all.length, least);
  const part = (i: number) => Math.floor(i * count / all.length);
  return all.filter((_, i) => part(i) !== part(i - 1));
}

/** The most that is sent at once (MB): much more than any memory that is kept. */
export const LARGE = Math.max(20, times(100));
