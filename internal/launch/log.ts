/** The log of this process: silent until somebody asks for it. */

import { self } from "./identity.ts";
import { writeAll } from "./write_all.ts";

/** The levels by their names, as Python numbers them. */
export const LEVELS = {
  NOTSET: 0,
  DEBUG: 10,
  INFO: 20,
  WARNING: 30,
  ERROR: 40,
  CRITICAL: 50,
} as const;

/** What is logged; a parent's settings hold in its children. */
export interface LogSettings {
  /** The least level that is logged; NOTSET is as good as WARNING. */
  level: number;
  /** Whether it is written to stderr. */
  stderr: boolean;
}

/** The settings of this process. */
export const settings: LogSettings = { level: LEVELS.NOTSET, stderr: false };

/** Writes one line, where the settings say so. */
export function log(level: number, message: string): void {
  if (!settings.stderr || level < (settings.level || LEVELS.WARNING)) return;
  const name = Object.entries(LEVELS).find(([, value]) => value === level)?.[0];
  const line = `[${name ?? `Level ${level}`}/${self().name}] ${message}\n`;
  writeAll(Deno.stderr, new TextEncoder().encode(line));
}
