/** Tells the processes of one test from all others, by their environment: on Linux. */

import { deadline } from "@std/async";
import { assertEquals } from "@std/assert";
import { processesWith } from "./process_table.ts";
import { until } from "./until.ts";

/** Longer than any machine needs; what is left after it is left for good. */
const LIMIT_MS = 20_000;

/** A variable that no other process has. */
export class Mark {
  #value = crypto.randomUUID();

  /** To be added to an environment. */
  readonly env: Record<string, string> = { MARKED_BY_TEST: this.#value };

  /** The command lines of those that have it. */
  alive(): string[] {
    return processesWith(`MARKED_BY_TEST=${this.#value}`);
  }

  /** Waits until there are so many of them. */
  async count(count: number): Promise<void> {
    await until(() => this.alive().length === count);
  }

  /** Waits until none is left; says which are left for good, where it can look. */
  async noneLeft(): Promise<void> {
    if (Deno.build.os !== "linux") return;
    await deadline(this.count(0), LIMIT_MS).catch(() => {});
    assertEquals(this.alive(), []);
  }
}
