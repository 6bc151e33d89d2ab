import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FakeTime } from "@std/testing/time";
import { after, TIMED_OUT, waitFor } from "../internal/wait.ts";

const never = new Promise<string>(() => {});
const settled = Promise.resolve("value");

describe("after()", () => {
  it("calls back in a fake time, too, whether or not it holds the program", () => {
    using time = new FakeTime();
    const called: string[] = [];
    after(5, () => called.push("holds"));
    after(5, () => called.push("does not"), false);
    after(5, () => called.push("taken back"), false)();
    time.tick(5);
    assertEquals(called, ["holds", "does not"]);
  });
});

describe("waitFor()", () => {
  it("gives the promise's value or error", async () => {
    assertEquals(await waitFor(settled), "value");
    assertEquals(await waitFor(settled, { timeout: 10 }), "value");
    await assertRejects(() => waitFor(Promise.reject(new Error("no"))), Error);
  });

  it("does not wait with a timeout of 0, but takes what is there", async () => {
    assertEquals(await waitFor(settled, { timeout: 0 }), "value");
    assertEquals(await waitFor(never, { timeout: 0 }), TIMED_OUT);
  });

  it("gives up when the time runs out, however long it is", async () => {
    using time = new FakeTime();
    const month = 31 * 24 * 3600 * 1000; // longer than setTimeout can be set to
    let result: unknown;
    waitFor(never, { timeout: month }).then((value) => result = value);
    await time.tickAsync(month - 1);
    assertEquals(result, undefined);
    await time.tickAsync(1);
    await time.runMicrotasks();
    assertEquals(result, TIMED_OUT);
  });

  it("has no limit with Infinity or undefined", async () => {
    assertEquals(await waitFor(settled, { timeout: Infinity }), "value");
    assertEquals(await waitFor(settled, { timeout: undefined }), "value");
  });

  it("refuses a time that is negative or none", async () => {
    for (const timeout of [-1, -Infinity, NaN]) {
      await assertRejects(
        () => waitFor(settled, { timeout }),
        RangeError,
        '"timeout" must be >= 0',
      );
    }
    await assertRejects(
      () => waitFor(settled, { timeout: "5" as never }),
      TypeError,
      '"timeout" must be a number',
    );
  });

  it("rejects with the signal's reason, before or while it waits", async () => {
    const reason = new Error("enough");
    const aborted = AbortSignal.abort(reason);
    await assertRejects(
      () => waitFor(settled, { signal: aborted }),
      Error,
      "enough",
    );
    const controller = new AbortController();
    const waiting = waitFor(never, { signal: controller.signal });
    controller.abort(reason);
    await assertRejects(() => waiting, Error, "enough");
  });
});
