/** A running program with its streams: what `Popen` and `run` are made of. */

import { ProcessError, TimeoutExpiredError } from "../../errors.ts";
import { checkNames, checkOptions, type OptionNames } from "../check.ts";
import { TIMED_OUT, timeoutOf, waitFor, type WaitOptions } from "../wait.ts";
import { Child } from "./child.ts";
import { type Command, commandOf, show } from "./command.ts";
import { type Pump, pumpIn, pumpOut } from "./pump.ts";
import { type Group, Guard, mayDetach, sharedGroup } from "./group.ts";
import { bytesOf, InputPipe } from "./input_pipe.ts";
import { POPEN_NAMES, type PopenOptions } from "./options.ts";
import {
  type Bytes,
  decoderOf,
  OutputPipe,
  type TextForm,
} from "./output_pipe.ts";
import { spawn } from "./spawn.ts";
import { type Wiring, wiringOf } from "./stdio.ts";

/** What was read of a stream; `null` where it is no pipe. */
export type Collected = string | Bytes | null;

/** How long what a killed program wrote may take to be read. */
const LAST_OUTPUT_MS = 250;

/** Who is left when all was killed, or left behind. */
const NOBODY: Group = { async kill() {}, async leave() {} };

/** What is to be run, and how: checked. */
export interface Plan {
  readonly command: Command;
  readonly wiring: Wiring;
  readonly form: TextForm | null;
}

/**
 * Checks what a program is to be run with; its options may have these names.
 *
 * @throws {TypeError} If an option is none.
 */
export function planOf(
  args: unknown,
  options: PopenOptions<boolean>,
  names: OptionNames<PopenOptions> = POPEN_NAMES,
): Plan {
  checkOptions(options, "run a program", `{ cwd: "/" }`);
  checkNames(options, names, "run a program");
  return {
    command: commandOf(args, options),
    wiring: wiringOf(options),
    form: textFormOf(options),
  };
}

/** One run of a program. */
export class Program {
  readonly args: string[];
  readonly child: Child;
  readonly stdin: InputPipe | null;
  readonly stdout: OutputPipe | null;
  readonly stderr: OutputPipe | null;

  /** All that can be given up together, for who may want to. */
  #group: Group;
  #isOver = false;
  #conversation: Promise<void> | null = null;

  /**
   * Starts it.
   *
   * @throws {Deno.errors.NotFound} If there is no such program or directory.
   */
  constructor(
    { command, wiring, form }: Plan,
    guard: Guard | null = null,
  ) {
    const process = spawn(command, wiring, guard);
    const { files } = wiring;
    const name = show(command.args);
    this.args = command.args;
    this.child = new Child(process, pumpsOf(process, wiring, name));
    this.#group = guard?.groupOf(this.child) ?? sharedGroup(this.child);
    const output = (stream: "stdout" | "stderr") =>
      wiring[stream] === "piped" && files[stream] === undefined
        ? new OutputPipe(process[stream], `${stream} of ${name}`, form)
        : null;
    this.stdin = wiring.stdin === "piped" && files.stdin === undefined
      ? new InputPipe(process.stdin)
      : null;
    this.stdout = output("stdout");
    this.stderr = output("stderr");
  }

  /** Starts it so that `giveUp()` ends all that it has started too. */
  static async inGroup(plan: Plan): Promise<Program> {
    if (!mayDetach(plan.wiring)) return new Program(plan);
    const guard = await Guard.start();
    try {
      return new Program(plan, guard);
    } catch (error) {
      await guard.end();
      throw error;
    }
  }

  /**
   * Writes the input, reads all output, and waits for the end. Out of time, it
   * goes on with that, and may be called again.
   */
  async communicate(
    input: string | Uint8Array | null,
    options: WaitOptions,
  ): Promise<void> {
    timeoutOf(options);
    options.signal?.throwIfAborted();
    if (input !== null) this.#checkInput(input);
    if (this.#conversation === null) {
      this.#conversation = this.#converse(input);
      this.#conversation.catch(() => {}); // who waits for it is told
    }
    await this.#held(this.#conversation, options, "; it goes on");
  }

  /** Waits for its end. */
  wait(options: WaitOptions): Promise<number> {
    return this.#held(this.child.ended, options, "; it goes on");
  }

  /** Whether `communicate()` has come to its end, in whichever way. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What `communicate()` has read. */
  get collected(): [stdout: Collected, stderr: Collected] {
    return [this.stdout?.collected ?? null, this.stderr?.collected ?? null];
  }

  /** Kills it with its group, and waits until what was said last is read. */
  async giveUp(): Promise<void> {
    await this.#group.kill();
    this.#group = NOBODY;
    this.child.hold();
    try {
      await this.child.ended.catch(() => {});
      const conversation = this.#conversation?.catch(() => {});
      // Somebody who left the group may hold the pipes for ever.
      await waitFor(conversation ?? Promise.resolve(), {
        timeout: LAST_OUTPUT_MS,
      });
      // What has not been written would be waited for.
      this.stdin?.abort().catch(() => {});
      await this.#cancelOutput();
    } finally {
      this.child.release();
    }
  }

  /** Is done with it; what it has left behind goes on. */
  async leave(): Promise<void> {
    await this.#group.leave();
    this.#group = NOBODY;
  }

  /** Closes its streams on this side, and waits for its end. */
  async close(): Promise<void> {
    const written = this.stdin?.finish(null);
    await this.#cancelOutput();
    await this.wait({});
    await waitFor(written ?? Promise.resolve(), { timeout: LAST_OUTPUT_MS });
    this.stdin?.abort().catch(() => {});
  }

  /** The error that its time ran out, with what was read until now. */
  expired(timeout: number, what: string): TimeoutExpiredError {
    const [stdout, stderr] = this.collected;
    return new TimeoutExpiredError(
      `${show(this.args)} did not end within ${timeout} ms${what}`,
      { cmd: this.args, timeout, stdout, stderr },
    );
  }

  async #converse(input: string | Uint8Array | null): Promise<void> {
    const parts = await Promise.allSettled([
      this.stdin?.finish(input, this.child.ended),
      this.stdout?.collect(),
      this.stderr?.collect(),
      this.child.ended,
    ]);
    this.#isOver = true;
    const fault = parts.find((part) => part.status === "rejected");
    if (fault !== undefined) throw fault.reason;
  }

  async #cancelOutput(): Promise<void> {
    await Promise.all([this.stdout?.cancel(), this.stderr?.cancel()]);
  }

  async #held<T>(
    promise: Promise<T>,
    options: WaitOptions,
    what: string,
  ): Promise<T> {
    this.child.hold();
    try {
      const value = await waitFor(promise, options);
      if (value === TIMED_OUT) throw this.expired(options.timeout!, what);
      return value;
    } finally {
      this.child.release();
    }
  }

  #checkInput(input: unknown): void {
    bytesOf(input);
    const fault = this.#conversation !== null
      ? "communicate() was called before: give it all in the first call"
      : this.stdin === null
      ? 'its stdin is no pipe: set "stdin" to PIPE'
      : this.stdin.isPiped
      ? "a stream is piped into its stdin: wait for that"
      : this.stdin.closed
      ? "its stdin was closed"
      : null;
    if (fault === null) return;
    throw new ProcessError(
      `Cannot send input to ${show(this.args)} as ${fault}`,
    );
  }
}

function textFormOf(options: PopenOptions<boolean>): TextForm | null {
  const { text = false, encoding, errors } = options;
  if (!text) {
    if (encoding === undefined && errors === undefined) return null;
    throw new TypeError(
      `Cannot use "encoding" and "errors" for bytes: set "text" to true`,
    );
  }
  const form = { encoding: encoding ?? "utf-8", errors: errors ?? "strict" };
  decoderOf(form); // nothing is started where there is no such encoding
  return form;
}

function pumpsOf(
  process: Deno.ChildProcess,
  { files: { stdin, stdout, stderr } }: Wiring,
  name: string,
): Pump[] {
  const pumps: Pump[] = [];
  if (stdin) pumps.push(pumpIn(stdin, process.stdin, `stdin of ${name}`));
  if (stdout) pumps.push(pumpOut(process.stdout, stdout, `stdout of ${name}`));
  if (stderr) pumps.push(pumpOut(process.stderr, stderr, `stderr of ${name}`));
  return pumps;
}
