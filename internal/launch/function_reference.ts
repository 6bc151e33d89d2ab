/** A function's name, by which another process can find it again. */

import { callSite, isUserModule } from "./call_site.ts";
import { self } from "./identity.ts";

/** How a function travels. */
export interface FunctionReference {
  /** The function's own name; empty where it has none. */
  readonly name: string;
  /**
   * Its source text, which tells it from others of that name; `null` where only
   * its name counts, as it is this library's own.
   */
  readonly source: string | null;
  /** The modules that may export it, the likeliest first. */
  readonly modules: readonly string[];
  /** Whether the user named the module: then it is there or nowhere. */
  readonly explicit: boolean;
}

/** What functions stand for that are not here. */
const references = new WeakMap<object, FunctionReference>();

/** A function to be sent in the place of one that is not here: it is not called. */
export function standIn(reference: FunctionReference): () => never {
  const fn = () => {
    throw new TypeError("It only stands for a function");
  };
  references.set(fn, reference);
  return fn;
}

/**
 * Says how `fn` can be found: in `module`, or where the caller's stack leads.
 *
 * What cannot be found anywhere is refused here, where the user's call stands.
 * Whether the rest is found only the child can tell: a dynamic import of a
 * module that is still evaluating waits for it, and so this process must not
 * import its caller.
 */
export function referTo(
  fn: unknown,
  role: string,
  module?: string | URL | ImportMeta,
): FunctionReference {
  const known = references.get(fn as object);
  if (known !== undefined) return known;
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot use "${role}" as it must be a function: current value is ${
        Deno.inspect(fn, { depth: 0 })
      }`,
    );
  }
  const source = Function.prototype.toString.call(fn);
  const name = typeof fn.name === "string" ? fn.name : "";
  if (/\{\s*\[native code\]\s*\}$/.test(source)) {
    throw new TypeError(
      `Cannot send "${role}" as ${
        name || "it"
      } is a bound or native function, which has no source text: export a function that calls it, and pass what it is bound to in args`,
    );
  }
  if (isClass(fn)) {
    throw new TypeError(
      `Cannot send "${role}" as ${
        name || "it"
      } is a class: export a function that makes and uses an instance`,
    );
  }
  const sites = callSite();
  if (module !== undefined) {
    const modules = [moduleUrl(module, sites[0])];
    return { name, source, modules, explicit: true };
  }
  const { mainModule } = self();
  if (isUserModule(mainModule) && !sites.includes(mainModule)) {
    sites.push(mainModule);
  }
  return { name, source, modules: sites, explicit: false };
}

/** Whether it can only be called with `new`. */
// deno-lint-ignore ban-types
export function isClass(fn: Function): boolean {
  return /^class\b/.test(Function.prototype.toString.call(fn));
}

/** The specifiers under which a child imports the modules of a list. */
export function resolveModules(
  modules: readonly (string | URL | ImportMeta)[],
): string[] {
  const [site] = callSite();
  return modules.map((module) => moduleUrl(module, site));
}

/** The specifier under which a child imports the module that the user named. */
function moduleUrl(
  module: string | URL | ImportMeta,
  site: string | undefined,
): string {
  if (module instanceof URL) return module.href;
  if (typeof module === "string" && module !== "") {
    if (!/^\.{0,2}\//.test(module)) return module;
    if (site === undefined) {
      throw new TypeError(
        `Cannot find module "${module}" as it is not known from where it is relative: pass an absolute URL, such as import.meta.resolve("${module}")`,
      );
    }
    return new URL(module, site).href;
  }
  if (module !== "" && typeof module?.url === "string") return module.url;
  throw new TypeError(
    `Cannot use "module" as it must be a specifier, a URL or import.meta: current value is ${
      Deno.inspect(module, { depth: 0 })
    }`,
  );
}
