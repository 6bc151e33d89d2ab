import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import * as ours from "../../errors.ts";
import { registerClass } from "../../internal/wire/classes.ts";
import { assertSame, sent } from "./support.ts";

const BUILT_IN = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
];

class HttpError extends Error {
  override name = "HttpError";
  constructor(message: string, readonly status: number) {
    super(message);
  }
}
class Registered extends RangeError {
  static made = 0;
  declare readonly extra: unknown;
  #secret = ++Registered.made;
  get secret() {
    return this.#secret;
  }
  static {
    this.prototype.name = "Registered";
  }
}
registerClass(Registered);

function assertSameError(error: Error): void {
  const copy = sent(error);
  assertSame(copy, error);
  assertEquals(copy.stack, error.stack);
  assert(Error.isError(copy));
}

describe("codec: errors", () => {
  it("come back as their built-in class, with message, cause and stack", () => {
    for (const cls of BUILT_IN) {
      assertSameError(new cls("what happened"));
      assertSameError(new cls(""));
      assertSameError(new cls());
      assertSameError(new cls("x", { cause: { why: [1] } }));
      assertSameError(new cls("x", { cause: undefined }));
    }
    assertSameError(new AggregateError([new TypeError("a"), 2], "both"));
    assertSameError(new SuppressedError(new Error("a"), new Error("b"), "c"));
  });

  it("come back as Deno's", () => {
    for (const cls of Object.values(Deno.errors)) {
      assertSameError(new cls("x", { cause: 1 }));
    }
    const error = (() => {
      try {
        return Deno.readFileSync("/no/such/file");
      } catch (error) {
        return error;
      }
    })() as Error;
    assertInstanceOf(error, Deno.errors.NotFound);
    assertSameError(error);
  });

  it("come back as ours, with their fields", () => {
    for (const cls of Object.values(ours)) assertSameError(new cls("x"));
    assertSameError(new ours.FullError("x", { item: { a: 1 }, cause: 2 }));
    assertSameError(new ours.DataCloneError("x", { path: "args[0]" }));
    assertSameError(new ours.WorkerLostError("x", { pid: 5, exitcode: -9 }));
    assertSameError(
      new ours.TimeoutExpiredError("x", { cmd: ["a"], timeout: 5 }),
    );
    assertSameError(new ours.RemoteError("x", { remoteName: "Odd" }));
  });

  it("come back as DOMException with name and code", () => {
    const error = new DOMException("stop", "AbortError");
    assertSameError(error);
    assertEquals(sent(error).code, DOMException.ABORT_ERR);
    assertSameError(AbortSignal.abort().reason);
  });

  it("keep names and fields of their own as they were", () => {
    const error = Object.assign(new TypeError("x"), {
      name: "Odd",
      code: 5,
      list: [1],
    });
    assertSameError(error);
    assertEquals(String(sent(error)), "Odd: x");
    const hidden = new Error("x");
    Object.defineProperty(hidden, "name", {
      value: "Hidden",
      writable: true,
      configurable: true,
    });
    assertSameError(hidden);
    assertSameError(
      Object.assign(new Error("x"), JSON.parse('{"__proto__":1}')),
    );
  });

  it("come back as a registered class, without its constructor", () => {
    const error = Object.assign(new Registered("x", { cause: 1 }), {
      extra: [1],
    });
    const copy = sent(error);
    assertSame(copy, error);
    assertEquals([copy.name, copy.message, copy.stack], [
      "Registered",
      "x",
      error.stack,
    ]);
    assertEquals(Registered.made, 1);
  });

  it("come back as RemoteError where the class is not registered", () => {
    const error = new HttpError("gone", 410);
    error.cause = new Error("deeper");
    const copy = sent({ error }).error;
    assertInstanceOf(copy, ours.RemoteError);
    assertEquals(
      [copy.name, copy.message, copy.remoteName, copy.stack],
      ["RemoteError", "gone", "HttpError", error.stack],
    );
    assertEquals((copy as unknown as HttpError).status, 410);
    assertEquals((copy.cause as Error).message, "deeper");
    assertEquals(Object.keys(copy).sort(), ["cause", "remoteName", "status"]);
    assertSame(sent(copy), copy);
  });

  it("keep a message that their class inherits", () => {
    class Fixed extends Error {
      static {
        this.prototype.message = "always this";
      }
    }
    assertEquals(sent(new Fixed()).message, "always this");
  });

  it("may refer to themselves and be shared", () => {
    const error = new AggregateError([], "all") as AggregateError & {
      self: unknown;
    };
    error.cause = error;
    error.self = [error];
    error.errors.push(error, new TypeError("x", { cause: error }));
    const [first, second] = sent([error, error]);
    assertSame(first, error);
    assertStrictEquals(first, second);
  });

  it("leave the limit of stack traces as it is", () => {
    const before = Error.stackTraceLimit;
    Error.stackTraceLimit = 3;
    try {
      sent(new Error("x"));
      assertEquals(Error.stackTraceLimit, 3);
    } finally {
      Error.stackTraceLimit = before;
    }
  });
});
