import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  BootstrapError,
  Process,
  type ProcessSettings,
  subprocess,
} from "@multi/processing";
import { isUserModule } from "../internal/launch/call_site.ts";
import { namedImports } from "../internal/launch/find_function.ts";
import { ownModule } from "../internal/launch/own_modules.ts";
import byDefault, {
  arrow,
  counting,
  countingLater,
  giveNotExported,
  hash,
  later,
  named,
  object,
  one,
} from "./fixtures/tasks.ts";
import { digest, tasks } from "./fixtures/reexports.ts";
import { nothingLeft } from "./support/nothing_left.ts";
import { deno } from "./support/run.ts";

const TASKS = new URL("./fixtures/tasks.ts", import.meta.url);

export function here(n: number): number {
  return n * 2;
}

/** Runs the target in a process, quietly, and gives its result. */
async function resultOf(
  // deno-lint-ignore no-explicit-any
  target: (...args: any[]) => unknown,
  args: unknown[] = [],
  settings: ProcessSettings = {},
): Promise<unknown> {
  await using process = new Process({
    target,
    args,
    stderr: "null",
    ...settings,
  });
  process.start();
  return await process.result();
}

describe("a target is found", () => {
  nothingLeft();

  it("where the calling module exports it", async () => {
    assertEquals(await resultOf(here, [21]), 42);
  });

  it("where the calling module imports it by name from another", async () => {
    assertEquals(await resultOf(hash, ["x"]), "hash of x");
    assertEquals(await resultOf(arrow, [1, 2]), 3);
    assertEquals(await resultOf(byDefault, ["x"]), "default of x");
    assertEquals(await resultOf(named), "named");
  });

  it("where another module re-exports it under another name", async () => {
    assertEquals(await resultOf(digest, ["x"]), "hash of x");
    const module = import.meta.resolve("./fixtures/reexports.ts");
    assertEquals(await resultOf(hash, ["x"], { module }), "hash of x");
    assertEquals(await resultOf(byDefault, ["x"], { module }), "default of x");
  });

  it("where a module that is exported as a whole exports it", async () => {
    assertEquals(await resultOf(tasks.shadowed), "the export");
    const module = import.meta.resolve("./fixtures/reexports.ts");
    assertEquals(await resultOf(tasks.shadowed, [], { module }), "the export");
    // In the package that is published, this is no module.
    const { getoutput } = subprocess;
    assertEquals(await resultOf(getoutput, ["echo found"]), "found");
  });

  it("in the module that is named as URL, string, path or import.meta", async () => {
    const modules = [TASKS, TASKS.href, "./fixtures/tasks.ts"];
    for (const module of modules) {
      assertEquals(await resultOf(hash, ["x"], { module }), "hash of x");
    }
    assertEquals(await resultOf(here, [1], { module: import.meta }), 2);
  });

  it("where it is a promise's, a generator's or an async generator's", async () => {
    assertEquals(await resultOf(later, ["x"]), "x");
    assertEquals(await resultOf(counting, [3]), "counted to 3");
    assertEquals(await resultOf(countingLater, [3]), "counted to 3, later");
  });

  it("as source where nobody exports it and it needs nothing", async () => {
    assertEquals(await resultOf((n: number) => n ** 2, [4]), 16);
    const local = function (text: string) {
      return btoa(text);
    };
    assertEquals(await resultOf(local, ["a"]), btoa("a"));
  });

  it("as source of a method that needs nothing", async () => {
    class Methods {
      static "of a class"(n: number) {
        return n + 1;
      }
      twice(n: number) {
        return n * 2;
      }
    }
    const methods = {
      double(n: number) {
        return n * 2;
      },
      async later(n: number) {
        return await Promise.resolve(n);
      },
      *count(n: number) {
        yield n;
        return n + 1;
      },
      async *countLater(n: number) {
        yield await Promise.resolve(n);
        return n + 2;
      },
      ["a b"](n: number) {
        return n + 3;
      },
      get(n: number) {
        return n + 5;
      },
      async(n: number) {
        return n + 4;
      },
      self(this: unknown) {
        return this === undefined;
      },
    };
    const found = [
      await resultOf(methods.double, [2]),
      await resultOf(methods.later, [2]),
      await resultOf(methods.count, [2]),
      await resultOf(methods.countLater, [2]),
      await resultOf(methods["a b"], [2]),
      await resultOf(methods.async, [2]),
      await resultOf(methods.get, [2]),
      await resultOf(methods.self),
      await resultOf(Methods["of a class"], [2]),
      await resultOf(Methods.prototype.twice, [3]),
      await resultOf(object.method),
    ];
    assertEquals(found, [4, 2, 3, 4, 5, 6, 7, true, 3, 6, "method"]);
  });

  it("as source where an export of the same name is another function", async () => {
    function shadowed(): string {
      return "the local one";
    }
    assertEquals(await resultOf(shadowed), "the local one");
  });

  it("in any module but this library's own, wherever it lies", async () => {
    const top = new URL("../", import.meta.url);
    assert(isUserModule(new URL("main.ts", top).href));
    assert(isUserModule(new URL("examples/pipe_hello.ts", top).href));
    const config = await Deno.readTextFile(new URL("deno.json", top));
    const paths = Object.values<string>(JSON.parse(config).exports);
    paths.push(ownModule("entry/process"));
    for (const path of paths) {
      assert(!isUserModule(new URL(path, top).href), path);
    }
  });

  it("whatever the user does to stack traces", async () => {
    const V8Error = Error as unknown as {
      prepareStackTrace: unknown;
      stackTraceLimit: number;
    };
    const { prepareStackTrace, stackTraceLimit } = V8Error;
    try {
      V8Error.stackTraceLimit = 0;
      assertEquals(await resultOf(here, [1]), 2);
      V8Error.stackTraceLimit = 10;
      V8Error.prepareStackTrace = () => "nothing to see";
      assertEquals(await resultOf(here, [1]), 2);
      assertEquals(new Error().stack, "nothing to see");
    } finally {
      V8Error.prepareStackTrace = prepareStackTrace;
      V8Error.stackTraceLimit = stackTraceLimit;
    }
  });
});

describe("a target that cannot be found is an error that says why", () => {
  nothingLeft();

  const refusal = async (
    target: () => unknown,
    settings: ProcessSettings = {},
  ) => {
    const error = await assertRejects(
      () => resultOf(target, [], settings),
      BootstrapError,
    );
    return error.message;
  };

  it("two exports have the same source", async () => {
    const message = await refusal(one);
    assert(message.includes("exports one, two have the same source"), message);
    const module = import.meta.resolve("./fixtures/reexports.ts");
    const within = await refusal(one, { module });
    assert(within.includes("exports tasks.one, tasks.two have"), within);
  });

  it("it uses a local variable", async () => {
    const local = 42;
    const error = await assertRejects(
      () => resultOf(() => local),
      ReferenceError,
    );
    assert(error.message.startsWith("local is not defined: "), error.message);
    assert(error.message.includes('"local"; export it'), error.message);
    assert(error.stack?.includes(error.message), error.stack);
  });

  it("it is not exported and uses its module", async () => {
    const error = await assertRejects(
      () => resultOf(giveNotExported()),
      ReferenceError,
    );
    assert(error.message.includes('the target "notExported"'), error.message);
  });

  it("it is no method by itself", async () => {
    class Odd extends Map {
      #secret = 1;
      superior() {
        return super.toString();
      }
      get number() {
        return 1;
      }
      set number(_value) {}
      #hidden() {
        return 1;
      }
      secret() {
        return this.#secret;
      }
      static hidden = new Odd().#hidden;
    }
    const { get, set } = Object.getOwnPropertyDescriptor(
      Odd.prototype,
      "number",
    )!;
    const key = "computed";
    const odd = { [key]: () => 1, [`${key}!`]() {} };
    for (
      const target of [
        Odd.prototype.superior,
        get!,
        set as () => void,
        Odd.hidden,
        Odd.prototype.secret,
        odd["computed!"]!,
      ]
    ) {
      const message = await refusal(target);
      assert(message.includes('a method that uses "super", perhaps'), message);
    }
  });

  it("it is bound, native, a class or no function", () => {
    const make = (target: unknown) => () =>
      new Process({ target: target as () => void });
    assertThrows(make(hash.bind(null)), TypeError, "bound or native function");
    assertThrows(
      make(Math.max),
      TypeError,
      "max is a bound or native function",
    );
    assertThrows(make(class Thing {}), TypeError, "Thing is a class");
    assertThrows(make("hash"), TypeError, '"target" as it must be a function');
    assertThrows(make(undefined), TypeError, "current value is undefined");
  });

  it("it is in a program that a child cannot import", async () => {
    const program = `
      import { Process, Thread } from "@multi/processing";
      const two = 2;
      export function double(n) { return n * two; }
      for (const Kind of [Process, Thread]) {
        const needy = new Kind({ target: double, args: [3] });
        const free = new Kind({ target: (n) => n * 2, args: [3] });
        for (const one of [needy, free]) one.start();
        console.log(await needy.result().catch((error) => error.message));
        console.log(await free.result());
      }
    `;
    const ways = [
      [await deno(["eval", program]), "was given to deno eval"],
      [
        await deno(["run", "-A", "--ext=js", "-"], { stdin: program }),
        "was read from stdin",
      ],
    ] as const;
    for (const [{ stdout }, how] of ways) {
      const message =
        `two is not defined: the target "double" cannot be imported from a program that ${how}, so it was sent as its source text and does not see "two"; put the program into a file, and export it, or name its module by "module", or give it what it needs in "args"`;
      assertEquals(stdout, `${message}\n6\n`.repeat(2));
    }
  });

  it("the named module does not export it", async () => {
    const message = await refusal(giveNotExported(), { module: TASKS });
    assert(
      message.includes('Cannot find the target "notExported" in'),
      message,
    );
    assert(message.includes("exported are arrow, counting"), message);
  });

  it("the named module exports another function of that name", async () => {
    function shadowed(): string {
      return "the local one";
    }
    const message = await refusal(shadowed, { module: TASKS });
    assert(message.includes('Cannot use the export "shadowed" of'), message);
  });

  it("the named module is not there, or fails to load", async () => {
    const missing = await refusal(hash as () => unknown, {
      module: "./fixtures/nowhere.ts",
    });
    assert(missing.includes("Module not found"), missing);
    const failing = await refusal(hash as () => unknown, {
      module: "./fixtures/fails_to_load.ts",
    });
    assert(failing.includes("nowhere is not defined"), failing);
  });

  it("the module is given as something else", () => {
    assertThrows(
      () => new Process({ target: hash, args: ["x"], module: 3 as never }),
      TypeError,
      'Cannot use "module"',
    );
  });
});

describe("the imports of a module's text", () => {
  it("are found, those of the wanted name first", () => {
    const text = `
      import { a, b as c } from "./ab.ts";
      import d from './d.ts'
      import * as e from "./e.ts";
      import type { F } from "./f.ts";
      // import { gone } from "./gone.ts";
      /* import { old } from "./old.ts"; */
      const text = "http://localhost"; import { wanted,
        other } from "npm:wanted@1";
      import "./side_effect.ts";
      const lazy = await import("./lazy.ts");
    `;
    assertEquals(namedImports(text, "wanted"), [
      "npm:wanted@1",
      "./ab.ts",
      "./d.ts",
      "./e.ts",
    ]);
  });
});
