/**
 * What CPython's own tests hold of processes and threads, in other words; once
 * for all flavours of worker.
 */

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  DataCloneError,
  Lock,
  ProcessError,
  RemoteError,
  type ThreadOptions,
  TimeoutError,
  type WaitOptions,
} from "@multi/processing";
import * as work from "../fixtures/work.ts";
import { nothingLeft } from "../support/nothing_left.ts";

/** What all workers have. */
export interface AnyWorker<R> extends AsyncDisposable {
  readonly name: string;
  daemon: boolean;
  start(): void;
  join(options?: WaitOptions): Promise<boolean>;
  result(options?: WaitOptions): Promise<R>;
  isAlive(): boolean;
  terminate(): void;
}

/** How a worker ends. */
export type HowEnded = "returned" | "threw" | "terminated";

/** One kind of worker: processes, threads … */
export interface WorkerFlavour {
  readonly name: string;
  /** The class. */
  readonly Worker: new <A extends unknown[], R>(
    options: ThreadOptions<A, R>,
  ) => AnyWorker<R>;
  /** Options of one whose errors are not to be printed. */
  readonly quiet: object;
  /** Those that run. */
  active(): { readonly name: string }[];
  /** Asserts that a worker that was joined knows how it has ended. */
  assertEnded(worker: AnyWorker<unknown>, how: HowEnded): void;
  /** Whether the worker that runs it is a daemon. */
  readonly isDaemon: () => boolean;
  /** Whether its worker is a daemon, one it makes is, and one made otherwise. */
  readonly daemonsBelow: () => Promise<boolean[]>;
  /** Counts itself and what it starts: `width` at each of `depth` levels below. */
  readonly countBelow: (depth: number, width: number) => Promise<number>;
}

/** Describes what every flavour does. */
export function workerConformance(flavour: WorkerFlavour): void {
  const { Worker: Process, active: activeChildren, assertEnded } = flavour;

  /** Starts it, gives its result, and waits for its end. */
  async function resultOf<R>(process: AnyWorker<R>): Promise<R> {
    process.start();
    try {
      return await process.result();
    } finally {
      await process.join();
    }
  }

  describe(`a ${flavour.name}`, () => {
    nothingLeft();

    it("takes the options of any other kind", async () => {
      const process = new Process({
        target: work.echo<number>,
        args: [1],
        env: { WORKER: "1" },
        cwd: Deno.cwd(),
        stdout: "inherit",
        stderr: "inherit",
        v8Flags: ["--expose-gc"],
      });
      assertEquals(await resultOf(process), [1]);
    });

    it("runs its target, returns its result and ends with 0", async () => {
      const process = new Process({ target: work.echo<number>, args: [1, 2] });
      assertEquals(process.isAlive(), false);
      process.start();
      assertEquals(process.isAlive(), true);
      assertEquals(activeChildren().map(({ name }) => name), [process.name]);
      assertEquals(await process.result(), [1, 2]);
      assertEquals(await process.result(), [1, 2]);
      assertEquals(await process.join(), true);
      assertEnded(process, "returned");
      assertEquals(process.isAlive(), false);
      assertEquals(activeChildren(), []);
    });

    it("takes args, none, and kwargs as the last argument", async () => {
      assertEquals(await resultOf(new Process({ target: work.echo })), []);
      assertEquals(
        await resultOf(new Process({ target: work.echo, args: [] })),
        [],
      );
      assertEquals(
        await resultOf(
          new Process({
            target: work.greet,
            args: ["Hello"],
            kwargs: { name: "Alice", loud: true },
          }),
        ),
        "HELLO, ALICE",
      );
      assertEquals(
        await resultOf(
          new Process({ target: work.greet, args: ["Hi", { name: "Bob" }] }),
        ),
        "Hi, Bob",
      );
    });

    it("takes kwargs where the last argument may be left out, but no other", async () => {
      const kwargs = { by: "-" };
      const { repeat: target } = work;
      const worker = new Process({ target, args: ["a", undefined], kwargs });
      assertEquals(await resultOf(worker), "a-a");
      assertEquals(
        await resultOf(new Process({ target, args: ["a", 1] })),
        "a",
      );
      // @ts-expect-error: it would be taken for the one that is left out.
      new Process({ target, args: ["a"], kwargs });
    });

    it("copies what structured clone copies, and registered classes", async () => {
      const cycle: { self?: unknown; map: Map<unknown, unknown> } = {
        map: new Map<unknown, unknown>([[new Date(5), /a/g]]),
      };
      cycle.self = cycle;
      const values = [cycle, undefined, -0, 10n ** 30n, new Uint8Array([1, 2])];
      const [copy, ...others] = await resultOf(
        new Process({ target: work.echo<unknown>, args: values }),
      ) as [typeof cycle, ...unknown[]];
      assertStrictEquals(copy.self, copy);
      assertEquals(copy.map, cycle.map);
      assertEquals(others, values.slice(1));
      const point = await resultOf(
        new Process({ target: work.double, args: [new work.Point(3, 4)] }),
      );
      assertInstanceOf(point, work.Point);
      assertEquals(point.length, 10);
    });

    it("refuses at start() what cannot be sent, and starts nothing", () => {
      const refused = (args: unknown[], kwargs?: object) => {
        const process = new Process({
          target: work.echo,
          args,
          ...(kwargs && { kwargs }),
        } as never);
        const error = assertThrows(() => process.start(), DataCloneError);
        assertEquals(process.isAlive(), false);
        return error;
      };
      const error = refused([{ onDone() {} }]);
      assertEquals(error.path, "args[0].onDone");
      assertStringIncludes(
        error.message,
        "args[0].onDone: a function cannot be sent",
      );
      assertEquals(
        refused([], { later: Promise.resolve() }).path,
        "kwargs.later",
      );
      assertEquals(activeChildren(), []);
    });

    it("refuses what are no arguments", () => {
      const make = (options: object) => () =>
        new Process({ target: work.echo, ...options } as never);
      assertThrows(
        make({ args: "text" }),
        TypeError,
        '"args" must be an array',
      );
      assertThrows(
        make({ kwargs: 5 }),
        TypeError,
        '"kwargs" must be an object',
      );
      for (const name of [5, "two\nlines"]) {
        assertThrows(make({ name }), TypeError, '"name" must be a string');
      }
      for (const signal of [5, new AbortController()]) {
        assertThrows(
          make({ signal }),
          TypeError,
          '"signal" must be an AbortSignal',
        );
      }
      assertThrows(make({ module: "" }), TypeError, '"module" as it must be');
      assertThrows(
        () => new Process(undefined as never),
        TypeError,
        '"options" must be an object',
      );
    });

    it("can be started once, and be waited for and ended only then", async () => {
      const process = new Process({ target: work.echo });
      await assertRejects(
        () => process.join(),
        ProcessError,
        "call start() first",
      );
      await assertRejects(() => process.result(), ProcessError);
      assertThrows(() => process.terminate(), ProcessError);
      process.start();
      assertThrows(() => process.start(), ProcessError, "was started before");
      await process.join();
      assertThrows(() => process.start(), ProcessError, "was started before");
    });

    it("is ended by leaving its block", async () => {
      let process;
      {
        await using inner = new Process({ target: work.sleepForever });
        process = inner;
        inner.start();
      }
      assertEnded(process, "terminated");
      await process[Symbol.asyncDispose]();
      await new Process({ target: work.echo })[Symbol.asyncDispose]();
    });

    it("gives up waiting when time runs out, and goes on", async () => {
      await using process = new Process({ target: work.sleepForever });
      process.start();
      assertEquals(await process.join({ timeout: 0 }), false);
      assertEquals(await process.join({ timeout: 20 }), false);
      await assertRejects(
        () => process.result({ timeout: 20 }),
        TimeoutError,
        "gave no result within 20 ms",
      );
      await assertRejects(() => process.join({ timeout: -1 }), RangeError);
      const reason = new Error("enough");
      const signal = AbortSignal.abort(reason);
      await assertRejects(() => process.join({ signal }), Error, "enough");
      assertEquals(process.isAlive(), true);
    });

    it("can be waited for by many, and again when it has ended", async () => {
      const process = new Process({ target: work.echo<string>, args: ["x"] });
      process.start();
      const joins = [process.join(), process.join(), process.join()];
      assertEquals(await Promise.all(joins), [true, true, true]);
      assertEquals(await process.join({ timeout: 0 }), true);
      assertEquals(await process.result({ timeout: 0 }), ["x"]);
    });

    it("is a daemon where it is told so, before it starts", async () => {
      const process = new Process({ target: flavour.isDaemon });
      for (const no of ["x", 1, null] as unknown as boolean[]) {
        assertThrows(
          () => process.daemon = no,
          TypeError,
          '"daemon" must be a boolean',
        );
      }
      process.daemon = true;
      process.start();
      assertThrows(() => process.daemon = false, ProcessError);
      assertEquals(await process.result(), true);
      await process.join();
    });

    it("is a daemon or none, and nothing else", () => {
      assertThrows(
        () =>
          new Process({ target: work.fail, args: ["x"], daemon: "x" as never }),
        TypeError,
        '"daemon" must be a boolean',
      );
    });

    it("inherits from its creator whether it is a daemon", async () => {
      for (const daemon of [true, false]) {
        const process = new Process({ target: flavour.daemonsBelow, daemon });
        assertEquals(process.daemon, daemon);
        assertEquals(await resultOf(process), [daemon, daemon, !daemon]);
      }
      assertEquals(new Process({ target: work.echo }).daemon, false);
    });

    it("starts others, two levels deep", async () => {
      const process = new Process({
        target: flavour.countBelow,
        args: [2, 2],
      });
      assertEquals(await resultOf(process), 1 + 2 + 4);
    });

    it("can be one of many, that end by themselves or are terminated", async () => {
      for (const terminated of [false, true]) {
        const target = terminated ? work.sleepForever : work.echo;
        const processes = Array.from(
          { length: 10 },
          () => new Process<[], unknown>({ target }),
        );
        for (const process of processes) process.start();
        assertEquals(activeChildren().length, processes.length);
        if (terminated) {
          for (const process of processes) process.terminate();
        }
        for (const process of processes) await process.join();
        for (const process of processes) {
          assertEnded(process, terminated ? "terminated" : "returned");
        }
        assertEquals(activeChildren(), []);
      }
    });
  });

  describe(`an error in a ${flavour.name}`, () => {
    nothingLeft();

    const errorOf = async (kind: string): Promise<unknown> => {
      const process = new Process({
        target: work.fail,
        args: [kind],
        ...flavour.quiet,
      });
      try {
        await resultOf(process);
      } catch (error) {
        assertEnded(process, "threw");
        return error;
      }
    };

    it("comes back as the same class, with its cause and the child's stack", async () => {
      const error = await errorOf("type");
      assertInstanceOf(error, TypeError);
      assertEquals([error.name, error.message], ["TypeError", "wrong type"]);
      assertInstanceOf(error.cause, RangeError);
      assertStringIncludes(error.stack!, "fixtures/work.ts");
      assertInstanceOf(await errorOf("not found"), Deno.errors.NotFound);
      const both = await errorOf("aggregate");
      assertInstanceOf(both, AggregateError);
      assertInstanceOf(both.errors[1], SyntaxError);
      const registered = await errorOf("registered");
      assertInstanceOf(registered, work.RegisteredError);
      assertEquals([registered.message, registered.code], ["did not work", 8]);
    });

    it("comes back as RemoteError where its class is not registered", async () => {
      const error = await errorOf("user's");
      assertInstanceOf(error, RemoteError);
      assertEquals(
        [error.message, error.name, error.remoteName],
        ["did not work", "RemoteError", "WorkError"],
      );
      assertEquals((error as RemoteError & { code: number }).code, 7);
      assertStringIncludes(error.stack!, "fixtures/work.ts");
    });

    it("comes back without what it carries that cannot be sent", async () => {
      const lock = new Lock();
      const process = new Process({
        target: work.failCarrying,
        args: [lock],
        ...flavour.quiet,
      });
      const error = await assertRejects(
        () => resultOf(process),
        RangeError,
        "carries",
      );
      assertInstanceOf(error.cause, TypeError);
      assertEquals(Object.keys(error).sort(), ["code", "lock"]);
      assertStrictEquals(
        await (error as typeof error & { lock: Lock }).lock.acquire(),
        true,
      );
      await lock.release();
      assertStringIncludes(error.stack!, "fixtures/work.ts");
      assertStringIncludes(
        error.stack!,
        "left out: error.retry: a function cannot be sent",
      );
    });

    it("comes back as what was thrown when it was read, if it cannot be", async () => {
      const error = await errorOf("unreadable");
      assertInstanceOf(error, EvalError);
      assertEquals(error.message, "not to be read");
    });

    it("may be anything that is thrown", async () => {
      assertEquals(await errorOf("no error"), { code: 9 });
    });

    it("is a result that cannot be sent, with its path", async () => {
      const process = new Process({
        target: work.returnFunction,
        ...flavour.quiet,
      });
      const error = await assertRejects(
        () => resultOf(process),
        DataCloneError,
      );
      assertEquals(error.path, "result.list[1]");
      assertEnded(process, "threw");
    });

    it("does not reach the parent where nobody asks for the result", async () => {
      const process = new Process({
        target: work.fail,
        args: ["unasked"],
        ...flavour.quiet,
      });
      process.start();
      await process.join();
      assertEnded(process, "threw");
    });
  });
}
