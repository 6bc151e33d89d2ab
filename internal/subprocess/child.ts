/** A program that was started, until its end. */

import { runForThread } from "../context.ts";
import { exitCodeOf } from "../launch/exit_code.ts";
import type { Pump } from "./pump.ts";

/** A process, its end, and whether this program waits for it. */
export class Child {
  readonly pid: number;
  /** How it ended: -9: by signal 9. `null`: it has not. */
  returncode: number | null = null;
  /** Resolves to its exit code, when all that it wrote to files is there. */
  readonly ended: Promise<number>;

  #process: Deno.ChildProcess;
  /** The last signal that was sent. */
  #sent: Deno.Signal | number | null = null;
  /** How many wait for it; where none does, it holds no program alive. */
  #holds = 0;

  constructor(process: Deno.ChildProcess, pumps: readonly Pump[]) {
    this.#process = process;
    this.pid = process.pid;
    // What it has to write to a file must get there.
    if (pumps.length > 0) this.#holds++;
    else this.#keepProgram(false);
    this.ended = runForThread(() => this.#follow(pumps));
    // Who waits for it is told of a file that could not be written.
    this.ended.catch(() => {});
  }

  /** The program goes on until `release()`, or the end of it. */
  hold(): void {
    if (this.#holds++ === 0) this.#keepProgram(true);
  }

  /** Takes back one `hold()`. */
  release(): void {
    if (--this.#holds === 0) this.#keepProgram(false);
  }

  /** Whether somebody waits for it, or reads of it. */
  get held(): boolean {
    return this.#holds > 0;
  }

  /** Sends a signal; one that has ended gets none. */
  kill(signal: Deno.Signal | number): void {
    if (this.returncode !== null) return;
    this.#sent = signal;
    try {
      this.#process.kill(signal as Deno.Signal);
    } catch (error) {
      // It has ended, and this process will learn of it in a moment.
      const ended = error instanceof Deno.errors.NotFound ||
        (error instanceof TypeError && /terminated/.test(error.message));
      if (!ended) throw error;
    }
  }

  async #follow(pumps: readonly Pump[]): Promise<number> {
    const returncode = await this.#returncode();
    try {
      for (const pump of pumps) await pump.drain();
    } finally {
      this.returncode = returncode;
      if (pumps.length > 0) this.release();
    }
    return returncode;
  }

  async #returncode(): Promise<number> {
    try {
      return exitCodeOf(await this.#process.status, this.#sent);
    } catch (error) {
      // The runtime has no name for a real-time signal.
      const number = /Invalid signal: (\d+)/.exec(String(error))?.[1];
      if (number === undefined) throw error;
      return -Number(number);
    }
  }

  #keepProgram(yes: boolean): void {
    try {
      if (yes) this.#process.ref();
      else this.#process.unref();
    } catch (error) {
      // It has ended, and keeps nothing any more.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}
