/** `work`: takes tasks, has them done by a pool, and says what became of them. */

import { ProcessError, WorkerLostError } from "../../errors.ts";
import { Pool, ThreadPool } from "../../pool.ts";
import { ownModule } from "../launch/own_modules.ts";
import { nameOf } from "../pipe/address.ts";
import type { Way } from "./options.ts";
import type { Order, Report } from "./protocol.ts";
import { ignoreInterrupts, listFunctions, runTask } from "./run_task.ts";
import { say } from "./say.ts";
import { Sessions } from "./sessions.ts";
import { stopSignal } from "./stop.ts";

/** What is asked of `work`. */
export interface WorkOptions extends Way {
  /** The module with the functions, as a URL. */
  readonly module: string;
  readonly processes: number;
  readonly threads: boolean;
  readonly name: string;
  readonly quiet: boolean;
}

/** Works until it is to stop. */
export async function work(options: WorkOptions): Promise<number> {
  const { module, processes, threads, name, quiet, ...way } = options;
  const note = quiet ? () => {} : say;
  const stop = stopSignal();
  const pool = makePool(processes, threads);
  try {
    const functions = await functionsOf(module, pool, stop);
    if (stop.aborted) return 0;
    const sessions = new Sessions(way, {
      id: crypto.randomUUID(),
      name,
      processes,
    }, { stop, note });
    const worker = { module, pool, sessions, stop };
    note(`offers ${functions.join(", ")} to ${nameOf(way.address)}`);
    await Promise.all(
      Array.from({ length: processes }, () => takeTasks(worker)),
    );
    await sessions.end();
    pool.close();
    await pool.join();
    return 0;
  } finally {
    await pool.terminate();
  }
}

/** What can be done: who can do nothing takes no tasks. */
async function functionsOf(
  module: string,
  pool: Pool,
  stop: AbortSignal,
): Promise<string[]> {
  let functions: string[];
  try {
    functions = await pool.apply(listFunctions, [module]);
  } catch (cause) {
    if (stop.aborted) return []; // Ctrl-C has ended its process
    const { name, message } = cause as Error;
    // From a registry, the command has no config file by itself, wherever that lies.
    const cure = /^Import ".*" not a dependency/.test(message)
      ? `run "work" by \`deno run --config deno.json\`, with the deno.json that knows what it imports: `
      : "";
    throw new ProcessError(
      `Cannot work as ${module} cannot be loaded: ${cure}${name}: ${message}`,
      { cause },
    );
  }
  if (functions.length > 0) return functions;
  throw new ProcessError(
    `Cannot work as ${module} exports no functions: export those that tasks name`,
  );
}

interface Worker {
  readonly module: string;
  readonly pool: Pool;
  readonly sessions: Sessions;
  readonly stop: AbortSignal;
}

function makePool(processes: number, threads: boolean): Pool {
  const options = { processes, module: ownModule("cli/run_task") };
  return threads
    ? new ThreadPool(options)
    : new Pool({ ...options, initializer: ignoreInterrupts });
}

/** One task after the other. */
async function takeTasks(worker: Worker): Promise<void> {
  const { sessions, stop } = worker;
  for (;;) {
    const taken = await sessions.take();
    if (taken === null) return;
    const { order, run } = taken;
    const report = stop.aborted
      ? { is: "refused", key: order.key, ms: 0 } as const
      : await doTask(worker, order);
    await sessions.report(run, order, report);
  }
}

async function doTask(
  { module, pool }: Worker,
  { key, fn, args, timeout }: Order,
): Promise<Report> {
  const start = performance.now();
  const took = () => Math.round(performance.now() - start);
  try {
    const value = await pool.apply(runTask, [module, fn, args], {
      ...(timeout !== null && { taskTimeout: timeout }),
    });
    return { is: "done", key, ms: took(), value };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const is = error instanceof WorkerLostError ? "lost" : "failed";
    return { is, key, ms: took(), error };
  }
}
