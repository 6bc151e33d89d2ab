/** A pool in a manager's process, as far as its clients use it. */

import { findFunction } from "../launch/find_function.ts";
import type { FunctionReference } from "../launch/function_reference.ts";
import { whileLoading } from "../launch/identity.ts";
import { ownModule } from "../launch/own_modules.ts";
import { Pool } from "../pool/pool.ts";
import type { TaskOptions } from "../pool/task_options.ts";

/** So many parts for each worker. */
const PARTS = 4;

/** What a task of a manager's pool may take. */
export type ProxyTaskOptions = Pick<
  TaskOptions,
  "taskTimeout" | "queueTimeout" | "signal"
>;

/** A pool; functions come as references, which its workers follow. */
export class PoolHome {
  readonly #pool: Pool;
  readonly #size: number;

  constructor(processes = navigator.hardwareConcurrency) {
    this.#pool = new Pool({
      processes,
      module: ownModule("manager/pool_home"),
    });
    this.#size = processes;
  }

  async run(
    reference: FunctionReference,
    calls: readonly (readonly unknown[])[],
    { taskTimeout = Infinity, queueTimeout = Infinity }: ProxyTaskOptions,
    signal?: AbortSignal,
  ): Promise<unknown[]> {
    const pool = this.#pool;
    // A call whose time is measured is a task of its own.
    const length = taskTimeout === Infinity
      ? Math.ceil(calls.length / (PARTS * this.#size)) || 1
      : 1;
    const parts: (readonly (readonly unknown[])[])[] = [];
    for (let i = 0; i < calls.length; i += length) {
      parts.push(calls.slice(i, i + length));
    }
    const results = parts.map((part, index) =>
      pool.apply(runCalls, [reference, part], {
        taskTimeout,
        queueTimeout: index === 0 ? queueTimeout : Infinity,
        signal,
      })
    );
    return (await Promise.all(results)).flat();
  }

  async join(): Promise<void> {
    this.#pool.close();
    await this.#pool.join();
  }

  async terminate(): Promise<void> {
    await this.#pool.terminate();
  }
}

/** What a worker runs. */
export async function runCalls(
  reference: FunctionReference,
  calls: readonly (readonly unknown[])[],
): Promise<unknown[]> {
  const { call, explain } = await whileLoading(() => findFunction(reference));
  const results: unknown[] = [];
  try {
    for (const args of calls) results.push(await call(...args));
  } catch (error) {
    throw explain(error);
  }
  return results;
}
