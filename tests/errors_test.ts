import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import * as errors from "@multi/processing/errors";

type ErrorClass = new (message: string, options?: ErrorOptions) => Error;

describe("the errors", () => {
  for (const [name, Class] of Object.entries<ErrorClass>(errors)) {
    it(`${name} is a ProcessError with its name, message and cause`, () => {
      const cause = new Error("cause");
      const error = new Class("what happened", { cause });
      assertInstanceOf(error, errors.ProcessError);
      assertInstanceOf(error, Error);
      assertEquals(error.name, name);
      assertEquals(error.message, "what happened");
      assertEquals(error.cause, cause);
      assert(error.stack?.startsWith(`${name}: what happened\n`), error.stack);
      assertEquals(Object.hasOwn(new Class("x"), "cause"), false);
    });
  }

  it("keep what belongs to them", () => {
    const bytes = new Uint8Array([1]);
    assertEquals(new errors.FullError("", { item: 1 }).item, 1);
    assertEquals(new errors.FullError("", { items: [1] }).items, [1]);
    assertEquals("item" in new errors.FullError(""), false);
    assertEquals(
      new errors.DataCloneError("", { path: "args[0]" }).path,
      "args[0]",
    );
    assertEquals(new errors.BufferTooShortError("", { bytes }).bytes, bytes);
    const lost = new errors.WorkerLostError("", { pid: 7, exitcode: -9 });
    assertEquals([lost.pid, lost.exitcode], [7, -9]);
    assertEquals(
      new errors.RemoteError("", { remoteName: "Odd" }).remoteName,
      "Odd",
    );
    const called = new errors.CalledProcessError("", {
      cmd: ["a"],
      returncode: 2,
      stderr: "no",
    });
    assertEquals(
      [called.cmd, called.returncode, called.stdout, called.stderr],
      [["a"], 2, null, "no"],
    );
    const expired = new errors.TimeoutExpiredError("", { timeout: 5 });
    assertInstanceOf(expired, errors.TimeoutError);
    assertEquals(expired.timeout, 5);
  });
});
