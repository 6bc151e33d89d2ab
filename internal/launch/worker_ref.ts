/**
 * Whether a Worker keeps the program going: the one place that knows how.
 *
 * The runtime has a method for it, as timers and children have, but without a
 * name: `Worker.prototype` has it under a symbol that describes nothing. It is
 * what the runtime's own `node:worker_threads` calls.
 */

type Method = (this: Worker, yes: boolean) => void;

const method = find();

function find(): Method | null {
  const symbol = Object.getOwnPropertySymbols(Worker.prototype)
    .find(({ description }) => !description);
  if (symbol === undefined) return null;
  const value = (Worker.prototype as unknown as Record<symbol, unknown>)[
    symbol
  ];
  return typeof value === "function" ? value as Method : null;
}

/** Whether this runtime lets a program end although a Worker lives. */
export function canRefWorkers(): boolean {
  return method !== null;
}

/**
 * Says whether the program goes on as long as the Worker lives, as a new one
 * lets it. The runtime counts: what is said twice must be taken back twice.
 */
export function refWorker(worker: Worker, yes: boolean): void {
  method?.call(worker, yes);
}
