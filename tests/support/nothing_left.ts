/** Every test file that starts something ends by asking what is still alive. */

import { assertEquals } from "@std/assert";
import { afterAll } from "@std/testing/bdd";
import { activeChildren, activeThreads } from "@multi/processing";
import { childrenOfThisProcess } from "./process_table.ts";

/** Fails, by name, for what the tests of this file leave behind. */
export function nothingLeft(): void {
  afterAll(() => {
    assertEquals(
      activeChildren().map(({ name, pid }) => `${name} (pid ${pid})`),
      [],
      "processes that are still alive",
    );
    assertEquals(
      activeThreads().map(({ name }) => name),
      ["MainThread"],
      "threads that are still alive",
    );
    assertEquals(childrenOfThisProcess(), [], "children in the process table");
  });
}
