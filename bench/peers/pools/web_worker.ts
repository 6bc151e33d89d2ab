// Times of a pool of npm that is made for Deno, in microseconds an operation.

import { FixedThreadPool } from "npm:poolifier-web-worker@0.5.15";

const APPLIES = 3_000;
const OUTSTANDING = 20_000;
const RUNS = 3;

const timed = async (run: () => Promise<unknown>, count: number) => {
  const start = performance.now();
  await run();
  return (performance.now() - start) * 1000 / count;
};

/** The median of several runs. */
const again = async (run: () => Promise<unknown>, count: number) => {
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) times.push(await timed(run, count));
  return times.sort((a, b) => a - b)[RUNS >> 1];
};

const worker = new URL("./worker_web_worker.ts", import.meta.url);
const pool = new FixedThreadPool<number, number>(2, worker);
const many = (count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, i) => pool.execute(i, "square")),
  );
const up = await timed(() => many(2), 1);
await many(2000);
const apply = await timed(async () => {
  for (let i = 0; i < APPLIES; i++) await pool.execute(i, "square");
}, APPLIES);
const outstanding = await again(() => many(OUTSTANDING), OUTSTANDING);
await pool.destroy();
const times = { up, apply, outstanding };
console.log(JSON.stringify({ "poolifier-web-worker": times }));
