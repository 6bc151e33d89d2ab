/** Shared memory, which is loaded when something is started that may share it. */

/** What it offers. */
export type Home = typeof import("../memory/home.ts");

let loading: Promise<Home> | undefined;
let loaded: Home | null = null;

/** Loads it. */
export function loadMemory(): Promise<Home> {
  return loading ??= Promise.all([
    import("../memory/home.ts"),
    import("../structure/all.ts"),
  ]).then(([home]) => loaded = home);
}

/** The same where it is loaded already. */
export function memoryIfLoaded(): Home | null {
  return loaded;
}
