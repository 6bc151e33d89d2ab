/** Loads all types of shared objects, for who has to sweep up after others. */

let loading: Promise<unknown> | undefined;

/** Begins with that; see structure/all.ts. */
export function loadTypes(): void {
  loading ??= import("../structure/all.ts");
}
