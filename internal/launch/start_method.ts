/** How this process starts others: what `setStartMethod` was told, here or above. */

/** How processes are started. */
export type StartMethod = "spawn" | "forkserver";

/** What a parent's children and threads begin with. */
export interface StartSettings {
  readonly method: StartMethod;
  /** How many spares are kept. */
  readonly spares: number;
  /** What these load in advance, beside the main module. */
  readonly preload: readonly string[];
}

let settings: StartSettings = { method: "spawn", spares: 0, preload: [] };

/** The settings of this thread; the main thread's are those of the process. */
export function startSettings(): StartSettings {
  return settings;
}

/** From now on; spares are another matter. */
export function useStartSettings(others: StartSettings): void {
  settings = others;
}
