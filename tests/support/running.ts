/** A program that runs beside the test, which waits for what it prints. */

import { pathOf } from "./run.ts";
import { until } from "./until.ts";

/** A program while it runs. */
export class Running implements AsyncDisposable {
  readonly child: Deno.ChildProcess;
  /** What it has printed until now, on stdout and on stderr. */
  stdout = "";
  stderr = "";
  readonly #read: Promise<unknown>;

  /** Starts it with these arguments. */
  constructor(
    args: readonly string[],
    env: Record<string, string> = {},
    program: string = Deno.execPath(),
  ) {
    this.child = new Deno.Command(program, {
      args: [...args],
      cwd: pathOf("."),
      env: { NO_COLOR: "1", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#read = Promise.all([
      read(this.child.stdout, (text) => this.stdout += text),
      read(this.child.stderr, (text) => this.stderr += text),
    ]);
  }

  /** Waits until it has printed that, on stdout or on stderr. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    let match: RegExpExecArray | null = null;
    let isOver = false;
    this.child.status.then(() => isOver = true);
    await until(() => {
      match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      return match !== null || isOver;
    });
    if (match !== null) return match;
    throw new Error(
      `it ended without ${pattern}: ${this.stdout}${this.stderr}`,
    );
  }

  /** Writes to its stdin. */
  async types(text: string): Promise<void> {
    const writer = this.child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    writer.releaseLock();
  }

  /** Sends it a signal. */
  kill(signal: Deno.Signal): void {
    this.child.kill(signal);
  }

  /** Waits until it has ended, and gives its exit code. */
  async ended(): Promise<number> {
    const { code } = await this.child.status;
    await this.#read;
    await this.child.stdin.close().catch(() => {}); // it was closed before
    return code;
  }

  /** Ends it the hard way, if it has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.ended();
  }
}

async function read(
  stream: ReadableStream<Uint8Array>,
  add: (text: string) => void,
): Promise<void> {
  const text = stream.pipeThrough(
    new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>,
  );
  for await (const part of text) add(part);
}
