/** How this process or thread imports the modules of functions that it is sent. */

import type { UnknownClassError } from "../wire/classes.ts";
import { self, whileLoading } from "./identity.ts";

/** Imports as a boot module does it, which may import anything. */
export interface Loader {
  /** The module's exports. */
  module(specifier: string): Promise<Readonly<Record<string, unknown>>>;
  /** The module's source text; it must be one that is loaded already. */
  text(specifier: string): Promise<string>;
}

let own: Loader = {
  module: (specifier) => import(specifier),
  text: () => Promise.reject(new Error("no boot module")),
};

/** Called once, first thing in a child or a thread. */
export function loadBy(loader: Loader): void {
  own = loader;
}

/** How this thread imports: as its boot module does, where it has one. */
export function ownLoader(): Loader {
  return own;
}

/**
 * Loads what may know a class that is in a message, and was not known here: the
 * main module, which may register it, or all modules of this library, one of which
 * is the class's. Throws the error itself where these cannot be loaded.
 */
export async function loadClassOf(error: UnknownClassError): Promise<void> {
  try {
    if (error.kind === "object") await import("../travel/all.ts");
    else await whileLoading(() => ownLoader().module(self().mainModule));
  } catch {
    throw error;
  }
}
