/**
 * What a worker of a pool does: it takes one message after another, calls what it
 * is told to, and answers.
 *
 * As long as nothing that it runs waits for anything, it blocks its thread for the
 * next message for a moment, which is seven times as fast as a promise. Then, and
 * every now and then, the rest of the thread gets its turn.
 */

import type { FoundFunction } from "../launch/find_function.ts";
import { findFunction } from "../launch/find_function.ts";
import type { FunctionReference } from "../launch/function_reference.ts";
import { drive, isGenerator } from "../launch/drive.ts";
import { whileLoading } from "../launch/identity.ts";
import { loadClassOf } from "../launch/loader.ts";
import { breathe } from "../turn.ts";
import { UnknownClassError } from "../wire/classes.ts";
import { sendReadable } from "../wire/sendable_error.ts";
import { beginTask, endTask } from "./current_task.ts";
import {
  Answer,
  Flag,
  infoOf,
  kindOf,
  numberOf,
  Order,
  SLOTS,
} from "./messages.ts";
import type { Setup } from "./setup.ts";
import { Got, type WorkerEnd } from "./worker_end.ts";

/** For so long a worker blocks for the next message (ms). */
const BLOCK = { timeout: 2 };
/** At most for so long the rest of the thread gets no turn (ms), but by a task. */
const STRETCH_MS = 5;

/** What the function of a worker's process or thread does. */
export async function serveAt(end: WorkerEnd, setup: Setup): Promise<void> {
  try {
    if (await initialize(end, setup)) await new Server(end).run();
  } finally {
    end.close();
  }
}

/** Calls the initializer, if there is one; `false`: it has thrown. */
async function initialize(
  end: WorkerEnd,
  { initializer, initargs }: Setup,
): Promise<boolean> {
  let found: FoundFunction | null = null;
  try {
    if (initializer !== null) {
      found = await find(initializer);
      const { call } = found;
      await drive(call(...initargs));
    }
    end.answer(0, Answer.READY, null, "value");
    return true;
  } catch (error) {
    const explained = found === null ? error : found.explain(error);
    answerError(end, 0, Answer.FAILED, explained);
    return false;
  }
}

function find(reference: FunctionReference): Promise<FoundFunction> {
  return whileLoading(() => findFunction(reference));
}

/** Answers with an error; what it carries that cannot be sent is left out. */
function answerError(
  end: WorkerEnd,
  id: number,
  info: number,
  error: unknown,
): void {
  sendReadable(
    error,
    (error) => end.answer(id, info, error, "error"),
    (value, root) => end.check(value, root),
  );
}

/** A function that was sent, or why it is none. */
type Sent =
  & { readonly number: number }
  & ({ readonly found: FoundFunction } | { readonly error: unknown });

/** Items that a function is called with, one after the other. */
interface Run {
  readonly id: number;
  readonly found: FoundFunction;
  readonly call: (item: unknown) => unknown;
  readonly items: readonly unknown[];
  readonly each: boolean;
  readonly timed: boolean;
  readonly results: unknown[];
  /** The item that is next. */
  at: number;
  /** What it gives, if that takes time. */
  waits: unknown;
}

class Server {
  readonly #end: WorkerEnd;
  readonly #functions: Sent[] = [];

  constructor(end: WorkerEnd) {
    this.#end = end;
  }

  async run(): Promise<void> {
    let breathed = Date.now();
    let got: Got | undefined;
    for (;;) {
      got = this.#end.takeSync(BLOCK);
      if (got === undefined) {
        // What has come meanwhile may have to be seen first.
        await breathe();
        got = await this.#end.take();
        breathed = Date.now();
      }
      if (got === Got.END) return;
      const pending = this.#perform();
      if (pending !== null) await pending;
      if (Date.now() - breathed < STRETCH_MS) continue;
      await breathe();
      breathed = Date.now();
    }
  }

  /** Does what the message says; a promise, if that takes time. */
  #perform(): Promise<void> | null {
    const { id, info } = this.#end;
    const number = numberOf(info);
    this.#end.see(id);
    if (kindOf(info) === Order.FUNCTION) return this.#learn(number);
    const sent = this.#functions[number % SLOTS];
    if (sent?.number !== number) {
      // What was to be told before was taken back, but this was not.
      this.#end.drop();
      this.#end.answer(id, infoOf(Answer.UNKNOWN, number), null, "value");
      return null;
    }
    if ("error" in sent) {
      this.#end.drop();
      answerError(this.#end, id, Answer.MISSING, sent.error);
      return null;
    }
    let value: unknown;
    try {
      value = this.#end.read();
    } catch (error) {
      return this.#readLater(error, id, info, sent.found);
    }
    this.#end.drop();
    return this.#begin(id, info, sent.found, value as unknown[]);
  }

  /** The value is of a class, perhaps, whose module is not loaded yet. */
  async #readLater(
    error: unknown,
    id: number,
    info: number,
    found: FoundFunction,
  ): Promise<void> {
    try {
      const value = await this.#readByClasses(error);
      this.#end.drop();
      await this.#begin(id, info, found, value as unknown[]);
    } catch (error) {
      this.#end.drop();
      answerError(this.#end, id, infoOf(Answer.ERROR, 0), error);
    }
  }

  /** As often as there are classes to be loaded; then it throws. */
  async #readByClasses(error: unknown): Promise<unknown> {
    for (let loaded = 0;; loaded++) {
      if (!(error instanceof UnknownClassError) || loaded === 2) throw error;
      await loadClassOf(error);
      try {
        return this.#end.read();
      } catch (next) {
        error = next;
      }
    }
  }

  async #learn(number: number): Promise<void> {
    const reference = this.#end.read() as FunctionReference;
    try {
      const found = await find(reference);
      this.#functions[number % SLOTS] = { number, found };
    } catch (error) {
      this.#functions[number % SLOTS] = { number, error };
    }
  }

  #begin(
    id: number,
    info: number,
    found: FoundFunction,
    value: unknown[],
  ): Promise<void> | null {
    const kind = kindOf(info);
    this.#end.begin(id);
    beginTask(id, this.#end);
    if (kind === Order.CALL) return this.#call(id, found, value);
    const { call } = found;
    const run: Run = {
      id,
      found,
      call: kind === Order.MAP ? call : (args) => call(...args as unknown[]),
      items: value,
      each: (info & Flag.EACH) !== 0,
      timed: (info & Flag.TIMED) !== 0,
      results: [],
      at: 0,
      waits: null,
    };
    return this.#goOn(run);
  }

  #call(
    id: number,
    found: FoundFunction,
    args: unknown[],
  ): Promise<void> | null {
    const { call } = found; // without a "this", as everywhere
    let value: unknown;
    try {
      value = call(...args);
      if (takesTime(value)) return this.#callEnds(id, found, value);
    } catch (error) {
      this.#threw(id, found, error);
      return null;
    }
    this.#returned(id, value);
    return null;
  }

  async #callEnds(
    id: number,
    found: FoundFunction,
    value: unknown,
  ): Promise<void> {
    try {
      value = await drive(value);
    } catch (error) {
      return this.#threw(id, found, error);
    }
    this.#returned(id, value);
  }

  #returned(id: number, value: unknown): void {
    endTask();
    const info = infoOf(Answer.OK, 0);
    try {
      this.#end.answer(id, info, value, "result");
    } catch (error) {
      answerError(this.#end, id, infoOf(Answer.ERROR, 0), error);
    }
  }

  #threw(id: number, found: FoundFunction, error: unknown): void {
    endTask();
    const info = infoOf(Answer.ERROR, 0);
    answerError(this.#end, id, info, found.explain(error));
  }

  /** Goes through the items of a run. */
  #goOn(run: Run): Promise<void> | null {
    return this.#step(run) ? this.#goOnLater(run) : null;
  }

  /** As far as nothing takes time; `true`: what `run.waits` for does. */
  #step(run: Run): boolean {
    const { items, each, timed, results, call } = run;
    while (run.at < items.length) {
      let value: unknown;
      try {
        if (timed) this.#end.beat();
        value = call(items[run.at]);
        if (takesTime(value)) {
          run.waits = value;
          return true;
        }
      } catch (error) {
        if (!this.#itemThrew(run, error)) return false;
        continue;
      }
      if (each) this.#itemReturned(run, value);
      else results[run.at++] = value;
    }
    endTask();
    if (!each) this.#answerAll(run);
    return false;
  }

  async #goOnLater(run: Run): Promise<void> {
    let breathed = Date.now();
    do {
      try {
        const value = await drive(run.waits);
        if (run.each) this.#itemReturned(run, value);
        else run.results[run.at++] = value;
      } catch (error) {
        if (!this.#itemThrew(run, error)) return;
      }
      if (Date.now() - breathed > STRETCH_MS) {
        await breathe();
        breathed = Date.now();
      }
    } while (this.#step(run));
  }

  #itemReturned(run: Run, value: unknown): void {
    const info = infoOf(Answer.ITEM_OK, run.at);
    try {
      this.#end.answer(run.id, info, value, "result");
      run.at++;
    } catch (error) {
      this.#itemThrew(run, error);
    }
  }

  /** Whether the run goes on. */
  #itemThrew(run: Run, error: unknown): boolean {
    const explained = run.found.explain(error);
    if (run.each) {
      const info = infoOf(Answer.ITEM_ERROR, run.at);
      answerError(this.#end, run.id, info, explained);
      run.at++;
      return true;
    }
    endTask();
    const info = infoOf(Answer.ERROR, run.at);
    answerError(this.#end, run.id, info, explained);
    return false;
  }

  #answerAll({ id, results }: Run): void {
    try {
      this.#end.answer(id, infoOf(Answer.OK, 0), results, "result");
    } catch (error) {
      const [at, reason] = this.#findUnsendable(results) ?? [0, error];
      answerError(this.#end, id, infoOf(Answer.ERROR, at), reason);
    }
  }

  /** Which of several results cannot be sent, and why. */
  #findUnsendable(results: unknown[]): [number, unknown] | null {
    for (const [at, result] of results.entries()) {
      try {
        this.#end.check(result, "result");
      } catch (error) {
        return [at, error];
      }
    }
    return null;
  }
}

/** Whether what a function returned is still to come. */
function takesTime(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (typeof (value as { then?: unknown }).then === "function") return true;
  return isGenerator(value);
}
