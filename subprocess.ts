/**
 * Other programs: Python's `subprocess`.
 *
 * {@linkcode run} runs one to its end; {@linkcode Popen} is for what takes more:
 * a dialogue, several at once, signals. Times are milliseconds. An exit code
 * below 0 is a signal: -9 for SIGKILL.
 *
 * ```ts
 * import { run } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * const { stdout } = await run(["tr", "a-z", "A-Z"], {
 *   input: "hello",
 *   captureOutput: true,
 *   text: true,
 * });
 * assertEquals(stdout, "HELLO");
 * ```
 *
 * A program outlives this one, as in Python; it is no daemon. Only what `run` and
 * its like run with a `timeout` or `signal` ends with this one, however it ends.
 *
 * Permissions: `--allow-run`, or `--allow-run=PROGRAM`. `STDOUT`, `shell`, and
 * time-outs that are to end whole groups of processes, need `/bin/sh` in it too.
 *
 * Python: `subprocess`.
 *
 * @module
 */

import { TimeoutExpiredError } from "./errors.ts";
import { calledProcessError } from "./internal/subprocess/called_process_error.ts";
import { watchOwner } from "./internal/subprocess/forgotten.ts";
import { bytesOf } from "./internal/subprocess/input_pipe.ts";
import {
  type Output,
  PIPE,
  type PopenOptions,
  RUN_NAMES,
  type RunOptions,
  STDOUT,
} from "./internal/subprocess/options.ts";
import { planOf, Program } from "./internal/subprocess/program.ts";
import { checkSentSignal } from "./internal/launch/signal_name.ts";
import { timeoutOf, type WaitOptions } from "./internal/wait.ts";
import { registerClass, registerHandle } from "./internal/wire/classes.ts";
import { Unsendable } from "./internal/wire/unsendable.ts";

export { DEVNULL, PIPE, STDOUT } from "./internal/subprocess/options.ts";
export type {
  Output,
  PopenOptions,
  RunOptions,
  Stdio,
} from "./internal/subprocess/options.ts";
export { CalledProcessError, TimeoutExpiredError } from "./errors.ts";
export type {
  CalledProcessErrorOptions,
  ProcessError,
  ProgramErrorOptions,
  TimeoutError,
  TimeoutExpiredErrorOptions,
} from "./errors.ts";
export type { WaitOptions } from "./internal/wait.ts";

/** What {@linkcode CompletedProcess} is made from. */
export interface CompletedProcessInit<T extends boolean = false> {
  /** The program and its arguments. */
  args: readonly string[];
  /** Its exit code; -9 where signal 9 ended it. */
  returncode: number;
  /** What it wrote, where that was captured. */
  stdout?: Output<T> | null;
  /** What it wrote as errors, where that was captured. */
  stderr?: Output<T> | null;
}

/**
 * A program that has ended, and what it wrote. It can be sent.
 *
 * @example Whether it has succeeded
 * ```ts
 * import { CalledProcessError, run } from "@multi/processing/subprocess";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const completed = await run(["false"]);
 * assertEquals(completed.returncode, 1);
 * assertThrows(() => completed.checkReturncode(), CalledProcessError);
 * ```
 *
 * Python: `subprocess.CompletedProcess`.
 *
 * @typeParam T Whether its output is text.
 */
export class CompletedProcess<T extends boolean = false> {
  /** The program and its arguments. */
  readonly args: string[];
  /** Its exit code; -9 where signal 9 ended it. */
  readonly returncode: number;
  /** What it wrote; `null` where that was not captured. */
  readonly stdout: Output<T> | null;
  /** What it wrote as errors; `null` where that was not captured. */
  readonly stderr: Output<T> | null;

  /** Makes one. */
  constructor(init: CompletedProcessInit<T>) {
    this.args = [...init.args];
    this.returncode = init.returncode;
    this.stdout = init.stdout ?? null;
    this.stderr = init.stderr ?? null;
  }

  /**
   * Does nothing if its exit code is 0.
   *
   * @throws {CalledProcessError} If it is not.
   */
  checkReturncode(): void {
    const { args, returncode, stdout, stderr } = this;
    if (returncode === 0) return;
    throw calledProcessError(args, returncode, stdout, stderr);
  }
}

registerClass(CompletedProcess, { name: "subprocess.CompletedProcess" });

/** A {@linkcode CompletedProcess} whose output was captured. */
export interface CapturedProcess<T extends boolean = false>
  extends CompletedProcess<T> {
  /** What it wrote. */
  readonly stdout: Output<T>;
  /** What it wrote as errors. */
  readonly stderr: Output<T>;
}

/** A {@linkcode CompletedProcess} whose stdout was a pipe. */
export interface PipedProcess<T extends boolean = false>
  extends CompletedProcess<T> {
  /** What it wrote. */
  readonly stdout: Output<T>;
}

/**
 * Runs a program to its end, and captures what it writes.
 *
 * @example What a program wrote
 * ```ts
 * import { run } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * const { returncode, stdout, stderr } = await run(
 *   ["sh", "-c", "echo out; echo err >&2"],
 *   { captureOutput: true, text: true },
 * );
 * assertEquals([returncode, stdout, stderr], [0, "out\n", "err\n"]);
 * ```
 *
 * For all else see its general form.
 *
 * @param args The program and its arguments.
 * @param options How it is run.
 */
export function run<T extends boolean = false>(
  args: string | readonly string[],
  options: RunOptions<T> & { captureOutput: true },
): Promise<CapturedProcess<T>>;
/**
 * Runs a program to its end, with its standard output through a pipe.
 *
 * @example Both outputs, in the order of their writing
 * ```ts
 * import { PIPE, run, STDOUT } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * const { stdout } = await run(
 *   ["sh", "-c", "echo 1; echo 2 >&2; echo 3"],
 *   { stdout: PIPE, stderr: STDOUT, text: true },
 * );
 * assertEquals(stdout, "1\n2\n3\n");
 * ```
 *
 * For all else see its general form.
 *
 * @param args The program and its arguments.
 * @param options How it is run.
 */
export function run<T extends boolean = false>(
  args: string | readonly string[],
  options: RunOptions<T> & { stdout: typeof PIPE },
): Promise<PipedProcess<T>>;
/**
 * Runs a program to its end.
 *
 * `timeout` and `signal` end it: then it is killed with all of its group, which
 * is all that it has started and that has not left the group. For that it runs in
 * a session of its own, without a terminal, and ends with this process. (Where it
 * reads its stdin from a terminal it stays there, and those below it are looked
 * for when it is killed.)
 *
 * Who waits for it may be ended instead. The kill of the coroutine ends it, too,
 * and what is found below it. Without `timeout` and `signal`, the end of the
 * thread (`terminate()`, a `ThreadPool`'s `taskTimeout`) ends the program alone,
 * and that of the process (`kill()`, a `Pool`'s `taskTimeout`) nothing, as in
 * Python; with them, each ends all of its group. A process that is killed in the
 * moment in which the program starts may leave it behind.
 *
 * @example An error where it does not succeed
 * ```ts
 * import { CalledProcessError, run } from "@multi/processing/subprocess";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const error = await assertRejects(
 *   () => run(["sh", "-c", "exit 3"], { check: true }),
 *   CalledProcessError,
 *   "returned non-zero exit status 3",
 * );
 * assertEquals(error.returncode, 3);
 * ```
 *
 * @example No longer than a while
 * ```ts
 * import { run, TimeoutExpiredError } from "@multi/processing/subprocess";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const error = await assertRejects(
 *   () => run(["sh", "-c", "sleep 60 & sleep 60"], { timeout: 50 }),
 *   TimeoutExpiredError,
 *   "did not end within 50 ms, and was killed",
 * );
 * assertEquals(error.stdout, null); // what was captured until then
 * ```
 *
 * Python: `subprocess.run`, which kills the program alone, and of which the
 * others can hold the output.
 *
 * @throws {Deno.errors.NotFound} If there is no such program, or no such `cwd`.
 * @throws {TimeoutExpiredError} If time ran out, with what was read.
 * @throws {CalledProcessError} If `check` is set and it did not succeed.
 * @throws {TypeError} If an option is none, or its text is not in `encoding`.
 * @throws The reason of `signal`, if that aborts.
 *
 * @param args The program and its arguments; a text is the program alone, or
 * with `shell` the command line.
 * @param options How it is run.
 * @typeParam T Whether its output is text.
 */
export function run<T extends boolean = false>(
  args: string | readonly string[],
  options?: RunOptions<T>,
): Promise<CompletedProcess<T>>;
export async function run<T extends boolean = false>(
  args: string | readonly string[],
  options: RunOptions<T> = {},
): Promise<CompletedProcess<T>> {
  const timeout = timeoutOf(options);
  const { input = null, check = false, signal } = options;
  signal?.throwIfAborted();
  if (input !== null) bytesOf(input);
  const isLimited = timeout !== Infinity || signal !== undefined;
  const plan = planOf(args, withPipes(options), RUN_NAMES);
  const program = isLimited ? await Program.inGroup(plan) : new Program(plan);
  try {
    await program.communicate(input, { timeout, signal });
  } catch (error) {
    const isExpired = error instanceof TimeoutExpiredError;
    // Otherwise who waits for it is a coroutine that was killed.
    if (isExpired || signal?.aborted || !program.isOver) await program.giveUp();
    throw isExpired ? program.expired(timeout, ", and was killed") : error;
  } finally {
    await program.leave();
  }
  const [stdout, stderr] = program.collected;
  const completed = new CompletedProcess<T>({
    args: program.args,
    returncode: program.child.returncode!,
    stdout: stdout as Output<T> | null,
    stderr: stderr as Output<T> | null,
  });
  if (check) completed.checkReturncode();
  return completed;
}

/** What `input` and `captureOutput` stand for. */
function withPipes(options: RunOptions<boolean>): PopenOptions<boolean> {
  const { input = null, captureOutput = false } = options;
  let piped: PopenOptions<boolean> = options;
  if (input !== null) {
    if (options.stdin !== undefined) {
      throw new TypeError(
        'Cannot run a program with both "stdin" and "input": leave one out',
      );
    }
    piped = { ...piped, stdin: PIPE };
  }
  if (captureOutput) {
    if (options.stdout !== undefined || options.stderr !== undefined) {
      throw new TypeError(
        'Cannot run a program with "captureOutput" and "stdout" or "stderr": leave one out',
      );
    }
    piped = { ...piped, stdout: PIPE, stderr: PIPE };
  }
  return piped;
}

/**
 * Runs a program to its end, and gives its exit code. What goes through a pipe
 * is read and dropped.
 *
 * @example An exit code
 * ```ts
 * import { call } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await call(["sh", "-c", "exit 3"]), 3);
 * ```
 *
 * @throws {Deno.errors.NotFound} If there is no such program, or no such `cwd`.
 * @throws {TimeoutExpiredError} If time ran out; it was killed, as by `run`.
 *
 * Python: `subprocess.call`.
 */
export async function call(
  args: string | readonly string[],
  options: Omit<RunOptions<boolean>, "check" | "captureOutput"> = {},
): Promise<number> {
  return (await run(args, options)).returncode;
}

/**
 * Runs a program to its end, which is to succeed; gives 0.
 *
 * @example A program that succeeds
 * ```ts
 * import { checkCall } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await checkCall(["true"]), 0);
 * ```
 *
 * @throws {CalledProcessError} If it did not succeed.
 * @throws {Deno.errors.NotFound} If there is no such program, or no such `cwd`.
 * @throws {TimeoutExpiredError} If time ran out; it was killed, as by `run`.
 *
 * Python: `subprocess.check_call`.
 */
export async function checkCall(
  args: string | readonly string[],
  options: Omit<RunOptions<boolean>, "check" | "captureOutput"> = {},
): Promise<number> {
  timeoutOf(options);
  return (await run(args, { ...options, check: true })).returncode;
}

/**
 * Runs a program to its end, which is to succeed, and gives what it wrote.
 *
 * @example The output of a program
 * ```ts
 * import { checkOutput } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await checkOutput(["echo", "hello"], { text: true }), "hello\n");
 * ```
 *
 * @throws {CalledProcessError} If it did not succeed; with what it wrote.
 * @throws {Deno.errors.NotFound} If there is no such program, or no such `cwd`.
 * @throws {TimeoutExpiredError} If time ran out; it was killed, as by `run`.
 * @throws {TypeError} If `stdout` is given: it is what this returns.
 *
 * Python: `subprocess.check_output`.
 *
 * @typeParam T Whether its output is text.
 */
export async function checkOutput<T extends boolean = false>(
  args: string | readonly string[],
  options: Omit<RunOptions<T>, "check" | "captureOutput" | "stdout"> = {},
): Promise<Output<T>> {
  timeoutOf(options);
  const given: RunOptions<T> = options;
  for (const name of ["stdout", "captureOutput", "check"] as const) {
    if (given[name] === undefined) continue;
    throw new TypeError(
      `Cannot use "${name}" in checkOutput(): it is set there`,
    );
  }
  const { stdout } = await run<T>(args, {
    ...options,
    stdout: PIPE,
    check: true,
  });
  return stdout;
}

/**
 * Runs a command line in the shell, and gives its exit code and all that it wrote,
 * without the last line end.
 *
 * @example How a command line did
 * ```ts
 * import { getstatusoutput } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await getstatusoutput("echo hello; exit 3"), [3, "hello"]);
 * ```
 *
 * Python: `subprocess.getstatusoutput`.
 */
export async function getstatusoutput(
  command: string,
  options: Pick<RunOptions<true>, "encoding" | "errors"> = {},
): Promise<[returncode: number, output: string]> {
  const { returncode, stdout } = await run(command, {
    ...options,
    shell: true,
    text: true,
    stdout: PIPE,
    stderr: STDOUT,
  });
  return [returncode, stdout.replace(/\n$/, "")];
}

/**
 * Runs a command line in the shell, and gives all that it wrote, without the last
 * line end; its exit code does not matter.
 *
 * @example What a command line wrote
 * ```ts
 * import { getoutput } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await getoutput("echo hello | tr h j"), "jello");
 * ```
 *
 * Python: `subprocess.getoutput`.
 */
export async function getoutput(
  command: string,
  options: Pick<RunOptions<true>, "encoding" | "errors"> = {},
): Promise<string> {
  const [, output] = await getstatusoutput(command, options);
  return output;
}

/**
 * A program that runs beside this one.
 *
 * @example A dialogue
 * ```ts
 * import { PIPE, Popen } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * await using cat = new Popen(["cat"], { stdin: PIPE, stdout: PIPE, text: true });
 * const writer = cat.stdin!.getWriter();
 * const reader = cat.stdout!.getReader();
 * await writer.write("hello");
 * assertEquals((await reader.read()).value, "hello");
 * await writer.close();
 * assertEquals(await cat.wait(), 0);
 * ```
 *
 * @example All of its input, then all of its output
 * ```ts
 * import { PIPE, Popen } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * const sort = new Popen(["sort"], { stdin: PIPE, stdout: PIPE, text: true });
 * const [stdout] = await sort.communicate("pear\napple\n");
 * assertEquals([stdout, sort.returncode], ["apple\npear\n", 0]);
 * ```
 *
 * @example A pipeline: what one writes, another one reads
 * ```ts
 * import { PIPE, Popen } from "@multi/processing/subprocess";
 * import { assertEquals } from "@std/assert";
 *
 * const numbers = new Popen(["seq", "1000"], { stdout: PIPE });
 * const count = new Popen(["wc", "-l"], {
 *   stdin: numbers.stdout!,
 *   stdout: PIPE,
 *   text: true,
 * });
 * const [stdout] = await count.communicate();
 * assertEquals([stdout!.trim(), await numbers.wait()], ["1000", 0]);
 * ```
 *
 * Python: `subprocess.Popen`. A program holds no other alive: one for which
 * nobody waits, and of which nobody reads, goes on when this one ends, unless a
 * file is one of its streams.
 *
 * @typeParam T Whether its output is text.
 */
export class Popen<T extends boolean = false> implements AsyncDisposable {
  #program: Program;

  /**
   * Starts it.
   *
   * @throws {Deno.errors.NotFound} If there is no such program, or no such `cwd`.
   * @throws {Deno.errors.PermissionDenied} If it is no program.
   * @throws {Deno.errors.NotCapable} If run permission is missing.
   * @throws {TypeError} If an option is none.
   *
   * @param args The program and its arguments; a text is the program alone, or
   * with `shell` the command line.
   * @param options How it is run.
   */
  constructor(
    args: string | readonly string[],
    options: PopenOptions<T> = {},
  ) {
    this.#program = new Program(planOf(args, options));
    watchOwner(this, this.#program);
  }

  /** The program and its arguments. */
  get args(): string[] {
    return this.#program.args;
  }

  /** Its process's id. */
  get pid(): number {
    return this.#program.child.pid;
  }

  /**
   * How it ended: -9 if signal 9 ended it. `null`: it had not when this program
   * last waited for anything.
   */
  get returncode(): number | null {
    return this.#program.child.returncode;
  }

  /** Where it reads from, if that is a {@linkcode PIPE}; text is sent as UTF-8. */
  get stdin(): WritableStream<string | Uint8Array> | null {
    return this.#program.stdin?.stream ?? null;
  }

  /** What it writes, if that is a {@linkcode PIPE}. */
  get stdout(): ReadableStream<Output<T>> | null {
    return this.#read(this.#program.stdout);
  }

  /** What it writes as errors, if that is a {@linkcode PIPE} of its own. */
  get stderr(): ReadableStream<Output<T>> | null {
    return this.#read(this.#program.stderr);
  }

  #read(pipe: Program["stdout"]): ReadableStream<Output<T>> | null {
    const stream = pipe?.streamFor(this.#program.child) ?? null;
    return stream as ReadableStream<Output<T>> | null;
  }

  /**
   * Sends the input and closes its stdin, reads what it writes to the end, and
   * waits for its end. What goes through no pipe is `null`.
   *
   * What was written to its stdin before is sent first, and a stream that is
   * piped into it is waited for; what was read of its output before is not among
   * what this gives.
   *
   * Cancel safety: where time runs out or the signal aborts, it goes on, and
   * nothing is lost: call it again, without input.
   *
   * @throws {TimeoutExpiredError} If time ran out; with what was read until then.
   * @throws {ProcessError} If input is given a second time, or stdin is no pipe,
   * or a stream is piped into it.
   *
   * Python: `Popen.communicate`.
   */
  async communicate(
    input: string | Uint8Array | null = null,
    options: WaitOptions = {},
  ): Promise<[stdout: Output<T> | null, stderr: Output<T> | null]> {
    const program = this.#program;
    await program.communicate(input, options);
    return program.collected as [Output<T> | null, Output<T> | null];
  }

  /**
   * Waits for its end, and gives its exit code. With a {@linkcode PIPE} that
   * nobody reads it may never come: use `communicate()`.
   *
   * Cancel safety: giving up changes nothing.
   *
   * @throws {TimeoutExpiredError} If time ran out; it goes on.
   */
  async wait(options: WaitOptions = {}): Promise<number> {
    return await this.#program.wait(options);
  }

  /**
   * Its exit code; `null` if it had not ended when this program last waited for
   * anything. A loop that does nothing but ask never learns of the end.
   */
  poll(): number | null {
    return this.returncode;
  }

  /**
   * Sends it a signal; one that has ended gets none.
   *
   * @throws {TypeError} If there is no signal of that name, such as `"SIGINT"`.
   * @throws {RangeError} If the runtime sends none of that number.
   */
  sendSignal(signal: Deno.Signal | number): void {
    checkSentSignal(signal);
    this.#program.child.kill(signal);
  }

  /** Ends it with SIGTERM, which it may listen for. */
  terminate(): void {
    this.sendSignal("SIGTERM");
  }

  /** Ends it with SIGKILL, at once. */
  kill(): void {
    this.sendSignal("SIGKILL");
  }

  /** Closes its streams on this side, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.close();
  }

  /** Shows it as what it is at this moment. */
  [Symbol.for("Deno.customInspect")](
    inspect: typeof Deno.inspect,
    options: Deno.InspectOptions,
  ): string {
    const { args, pid, returncode } = this;
    return `Popen ${inspect({ args, pid, returncode }, options)}`;
  }
}

const refuse = (): never => {
  throw new Unsendable(
    "a Popen cannot be sent; send its pid, or what communicate() gives",
  );
};
registerHandle<Popen<boolean>>({
  name: "Popen",
  class: Popen,
  encode: refuse,
  decode: refuse,
});
