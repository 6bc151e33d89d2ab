/**
 * Where this library's own modules are.
 *
 * What is published is built (`tools/build.ts`): all modules lie in a few files, and
 * those that are loaded by their URL beside these, under the names that they have
 * here. A checkout runs as it is.
 */

/** Where this module is; the build writes here in which file it has come to lie. */
const HERE: string = "internal/launch/own_modules.ts";
const isBuilt = HERE.endsWith(".js");
/**
 * Whether this module lies somewhere else: a user's bundle, most likely. Then the
 * others are not beside it.
 */
export const isBundled: boolean = !import.meta.url.endsWith(`/${HERE}`);
const ROOT = import.meta.url.slice(0, import.meta.url.lastIndexOf(HERE));
/** Other modules beside these are the user's, who works in a checkout. */
const AT_TOP =
  /^(cli|coroutine|errors|logging|manager|mod|pipe|pool|process|queue|shared_memory|subprocess|sync|thread)\.ts$/;

/**
 * The URL of a module in `internal/`, for who is to load it by that. The path is to
 * be written out: by that the build finds it.
 */
export function ownModule(path: string): string {
  return `${ROOT}internal/${path}.${isBuilt ? "js" : "ts"}`;
}

/** What the URLs of modules begin with that this library makes up. */
export const MADE_UP = "data:application/javascript,/*@multi/processing*/";

/** Whether that is a module of this library. */
export function isOwnModule(url: string): boolean {
  if (url.startsWith(MADE_UP)) return true;
  if (isBundled || !url.startsWith(ROOT)) return false;
  const path = url.slice(ROOT.length);
  return isBuilt || path.startsWith("internal/") || AT_TOP.test(path);
}
