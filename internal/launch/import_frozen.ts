/**
 * Imports for a child of a compiled program, where its main module waits in
 * `freezeSupport()`: if it does so at its top level, it will never be evaluated to
 * its end, and whoever imports it waits for ever. Then it is loaded once more under
 * another name.
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
