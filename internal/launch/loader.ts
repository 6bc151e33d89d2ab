/** How this process or thread imports the modules of functions that it is sent. */

import type { UnknownClassError } from "../wire/classes.ts";
import type { Loader } from "./find_function.ts";
import { self } from "./identity.ts";

let own: Loader | null = null;

/** Called once, first thing in a child or a thread. */
export function loadBy(loader: Loader): void {
  own = loader;
}

/** As its boot module imports, which may import anything. */
export function ownLoader(): Loader {
  return own!;
}

/**
 * Loads what may know a class that is in a message, and was not known here: the
 * main module, which may register it, or all modules of this library, one of which
 * is the class's. Throws the error itself where these cannot be loaded.
 */
export async function loadClassOf(error: UnknownClassError): Promise<void> {
  try {
    if (error.kind === "object") await import("../travel/all.ts");
    else await ownLoader().module(self().mainModule);
  } catch {
    throw error;
  }
}
