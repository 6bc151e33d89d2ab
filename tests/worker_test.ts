/** Processes that are started by a Web Worker of the user's. */

import { assertEquals } from "@std/assert";
import { deadline } from "@std/async";
import { describe, it } from "@std/testing/bdd";
import { until } from "./support/until.ts";

const LIMIT_MS = 20_000;

function isThere(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}

describe("a process that a Web Worker starts", () => {
  for (const wait of [0, 5, 10, 15, 20, 30]) {
    it(`ends with it, ${wait} ms after its start`, async () => {
      const worker = new Worker(
        import.meta.resolve("./fixtures/starts_in_worker.ts"),
        { type: "module" },
      );
      const messages: unknown[] = [];
      worker.onmessage = ({ data }) => void messages.push(data);
      await deadline(until(() => messages.length === 2), LIMIT_MS);
      await new Promise((resolve) => setTimeout(resolve, wait));
      worker.terminate();
      const [result, pid] = messages as [unknown, number];
      assertEquals(result, ["x"]);
      await deadline(until(() => !isThere(pid)), LIMIT_MS);
    });
  }
});
