import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DataCloneError, RemoteError } from "../../errors.ts";
import { registerClass } from "../../internal/wire/classes.ts";
import { decode } from "../../internal/wire/decode.ts";
import { encode } from "../../internal/wire/encode.ts";
import { sendReadable } from "../../internal/wire/sendable_error.ts";
import { assertSame, sent } from "./support.ts";

/** What arrives of an error. */
// deno-lint-ignore no-explicit-any
const arrived = (error: unknown): any =>
  sendReadable(error, (error) => decode(encode(error, "error")), encode);

/** What it says of what was left out. */
const leftOut = (error: Error): string[] =>
  error.stack!.split("\n    left out: ").slice(1)
    .map((line) => line.split(" ", 3).join(" "));

const fn = () => 1;

class HttpError extends Error {
  override name = "HttpError";
  #response = new Response();
  readonly response = this.#response;
  readonly status = 404;
  get headers() {
    return this.#response.headers;
  }
}

class Opaque extends RangeError {
  constructor(message: string, readonly inner: unknown) {
    super(message);
  }
}
registerClass(Opaque, {
  encode: ({ inner }) => inner,
  decode: (inner) => new Opaque("decoded", inner),
});

class Broken {
  static {
    registerClass(this, {
      encode() {
        throw new EvalError("from encode()");
      },
      decode: () => new Broken(),
    });
  }
}

class Counted {
  static encoded = 0;
  static {
    registerClass(this, {
      encode: () => ++this.encoded,
      decode: () => new Counted(),
    });
  }
}

describe("of an error that cannot be sent as it is", () => {
  it("all arrives that can be sent, and it says what does not", () => {
    const error = Object.assign(
      new RangeError("m", { cause: new TypeError("why") }),
      { name: "Named", retry: fn, code: 5, list: [1], headers: new Headers() },
    );
    const copy = arrived(error);
    assertInstanceOf(copy, RangeError);
    assertEquals([copy.message, copy.name], ["m", "Named"]);
    assertEquals(Object.keys(copy), ["name", "code", "list"]);
    assertSame(copy.cause, error.cause);
    assert(copy.stack!.startsWith(error.stack!), copy.stack);
    assertEquals(leftOut(copy), [
      "error.retry: a function",
      "error.headers: a Headers",
    ]);
  });

  it("as of one that can be, but for that", () => {
    for (
      const error of [
        new Error(),
        new SuppressedError(new Error("a"), new Error("b"), "c"),
        new DOMException("stop", "AbortError"),
        new Deno.errors.NotFound("x", { cause: 1 }),
        new RemoteError("x", { remoteName: "Odd", cause: 2 }),
      ]
    ) {
      const copy = arrived(Object.assign(error, { fn }));
      assertEquals(leftOut(copy), ["error.fn: a function"]);
      copy.stack = error.stack;
      Reflect.deleteProperty(error, "fn");
      assertSame(copy, sent(error));
    }
  });

  it("of a class that is not registered, a RemoteError arrives", () => {
    const copy = arrived(new HttpError("gone", { cause: new URIError("x") }));
    assertInstanceOf(copy, RemoteError);
    assertEquals([copy.message, copy.remoteName], ["gone", "HttpError"]);
    assertEquals((copy as unknown as HttpError).status, 404);
    assertInstanceOf(copy.cause, URIError);
    assertEquals(leftOut(copy), ["error.response: a Response"]);
  });

  it("each error within arrives, each says what it has not", () => {
    const within = Object.assign(new TypeError("two"), { fn, n: 2 });
    const error = new AggregateError([new RangeError("one"), within, fn], "m");
    error.cause = new Error("c", {
      cause: Object.assign(new URIError(), { fn }),
    });
    const copy = arrived(error);
    assertInstanceOf(copy, AggregateError);
    const [one, two, three] = copy.errors;
    assertInstanceOf(one, RangeError);
    assertInstanceOf(two, TypeError);
    assertEquals((two as typeof within).n, 2);
    assertInstanceOf(three, DataCloneError);
    assertEquals(three.path, "error.errors[2]");
    assertInstanceOf((copy.cause as Error).cause, URIError);
    assertEquals(
      [copy, two, (copy.cause as Error).cause].map((error) =>
        leftOut(error as Error)
      ),
      [
        [],
        ["error.errors[1].fn: a function"],
        ["error.cause.cause.fn: a function"],
      ],
    );
  });

  it("a cause that cannot be sent is left out, and none in its place", () => {
    const copy = arrived(new Error("m", { cause: { fn } }));
    assertEquals([copy.message, "cause" in copy], ["m", false]);
    assertEquals(leftOut(copy), ["error.cause.fn: a function"]);
  });

  it("errors may refer to themselves and be shared", () => {
    const shared = Object.assign(new TypeError("x"), { fn });
    const error: AggregateError = new AggregateError([shared, shared], "m");
    error.cause = error;
    shared.cause = error;
    const copy = arrived(error);
    assertStrictEquals(copy.cause, copy);
    assertStrictEquals(copy.errors[0], copy.errors[1]);
    assertStrictEquals(copy.errors[0].cause, copy);
  });

  it("what errors share is looked at once, and each says what it has not", () => {
    const encodedFor = (count: number) => {
      const request = { counted: new Counted(), fn };
      const errors = Array.from(
        { length: count },
        () => Object.assign(new Error("m"), { request }),
      );
      const before = Counted.encoded;
      const copy = arrived(new AggregateError(errors, "all"));
      assertEquals(
        copy.errors.map(leftOut),
        errors.map((_, i) => [`error.errors[${i}].request.fn: a function`]),
      );
      return Counted.encoded - before;
    };
    assertEquals(encodedFor(5), encodedFor(1));
  });

  it("what throws when it is read or encoded is left out", () => {
    const error = Object.assign(new Error("m"), { broken: new Broken(), n: 1 });
    for (const key of ["field", "stack", "cause"]) {
      Object.defineProperty(error, key, {
        enumerable: true,
        get() {
          throw new URIError(`read ${key}`);
        },
      });
    }
    const copy = arrived(error);
    assertEquals(Object.keys(copy), ["n"]);
    assertEquals(leftOut(copy), [
      "the stack: URIError:",
      "error.broken: EvalError: from",
      "error.field: URIError: read",
      "error.cause: URIError: read",
    ]);
  });

  it("what its class encodes is used where that can be sent", () => {
    const fine = new Opaque("fine", 1);
    const odd = Object.assign(new Opaque("odd", fn), { n: 3 });
    const copy = arrived(new AggregateError([fine, odd], "m"));
    assertEquals([copy.errors[0].message, copy.errors[0].inner], [
      "decoded",
      1,
    ]);
    assertInstanceOf(copy.errors[1], RemoteError);
    assertEquals(copy.errors[1].message, "odd");
    assertEquals(Reflect.get(copy.errors[1], "n"), 3);
  });

  it("as many causes arrive as may be", () => {
    let error = new Error("last");
    for (let i = 0; i < 600; i++) {
      error = new Error(`${i}`, { cause: error });
    }
    const copy = arrived(error);
    let count = 0;
    let deepest = copy;
    for (; deepest.cause; deepest = deepest.cause as Error) count++;
    assertEquals([copy.message, count], ["599", 250]);
    assertStringIncludes(deepest.stack, "nested more than 500 deep");
  });

  it("nothing but its message and stack arrives if the rest is too much", () => {
    let deep: unknown[] = [];
    for (let i = 0; i < 400; i++) deep = [deep];
    let error = Object.assign(new Error("last"), { deep });
    for (let i = 0; i < 200; i++) {
      error = Object.assign(new Error(`${i}`, { cause: error }), { deep });
    }
    const copy = arrived(error);
    assertEquals([copy.message, "cause" in copy], ["199", false]);
    assertStringIncludes(leftOut(copy)[0]!, "all else:");
  });

  it("that cannot be read, or is none, it arrives why", () => {
    const unreadable = (thrown?: Error) => {
      const error: object = new Proxy({}, {
        getPrototypeOf() {
          throw thrown ?? error;
        },
      });
      return error;
    };
    assertInstanceOf(arrived(unreadable(new RangeError("why"))), RangeError);
    const odd = Object.assign(new RangeError("why"), { fn });
    assertInstanceOf(arrived(unreadable(odd)), RangeError);
    const last = arrived(unreadable());
    assertInstanceOf(last, DataCloneError);
    assertEquals(last.path, "error");
    assertEquals(arrived({ fn }).path, "error.fn");
    assertEquals(arrived(fn).path, "error");
  });
});
