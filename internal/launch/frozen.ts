/**
 * Programs built by `deno compile`: there is no `deno run` in them, so a child
 * is the program itself, run again with a marker as its last argument. Its main
 * module calls `freezeSupport()` first, which then does the child's work.
 */

/** The last argument of a child. */
const MARKER = "--multiprocessing-child";

/** Whether this program was built by `deno compile`. */
export function isFrozen(): boolean {
  return Deno.build.standalone;
}

/** Whether this program was run to be a child. */
export function isFrozenChild(): boolean {
  return Deno.args.at(-1) === MARKER;
}

/** The arguments of a child of this program. */
export function frozenArgs(): string[] {
  return [...Deno.args.filter((argument) => argument !== MARKER), MARKER];
}

/**
 * Imports for a child, where its main module waits in `freezeSupport()`: if it
 * does so at its top level, it will never be evaluated to its end, and whoever
 * imports it waits for ever. Then it is loaded once more under another name.
 */
export async function importFrozen(
  specifier: string,
): Promise<Record<string, unknown>> {
  // Written out, so that this module and that one come along into the program;
  // what is imported through it may be any module.
  const { load } = await import(
    "data:application/javascript,export const load = (url) => import(url)"
  );
  if (specifier !== Deno.mainModule) return await load(specifier);
  const blocked = Symbol("blocked");
  const evaluated = await Promise.race([
    load(specifier),
    // All that is evaluated already comes before any timer.
    new Promise<typeof blocked>((resolve) => setTimeout(resolve, 0, blocked)),
  ]);
  return evaluated === blocked ? await load(`${specifier}?child`) : evaluated;
}
