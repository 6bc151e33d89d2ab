// Times of npm's pools on Node, in microseconds an operation; prints a JSON object.
// With the argument "up", only until they are up: on Deno, the rest takes minutes.

import { Piscina } from "piscina";
import { FixedThreadPool } from "poolifier";
import workerpool from "workerpool";

const WORKERS = 2;
const APPLIES = 3_000;
const OUTSTANDING = 20_000;
const RUNS = 3;
const MEGABYTES = 50;

const path = (name) => new URL(name, import.meta.url).pathname;

const pools = {
  piscina: () => {
    const pool = new Piscina({
      filename: path("worker_piscina.mjs"),
      minThreads: WORKERS,
      maxThreads: WORKERS,
    });
    return {
      run: (value) => pool.run(value),
      echo: (value) => pool.run(value, { name: "echo" }),
      end: () => pool.destroy(),
    };
  },
  workerpool: () => {
    const pool = workerpool.pool(path("worker_workerpool.mjs"), {
      minWorkers: WORKERS,
      maxWorkers: WORKERS,
      workerType: "thread",
    });
    return {
      run: (value) => pool.exec("square", [value]),
      echo: (value) => pool.exec("echo", [value]),
      end: () => pool.terminate(),
    };
  },
  poolifier: () => {
    const pool = new FixedThreadPool(WORKERS, path("worker_poolifier.mjs"));
    return {
      run: (value) => pool.execute(value, "square"),
      echo: (value) => pool.execute(value, "echo"),
      end: () => pool.destroy(),
    };
  },
};

// Some of them do not keep the program alive while they have tasks.
setInterval(() => {}, 1000);

const timed = async (run, count) => {
  const start = performance.now();
  await run();
  return (performance.now() - start) * 1000 / count;
};

/** The median of several runs. */
const again = async (run, count) => {
  const times = [];
  for (let i = 0; i < RUNS; i++) times.push(await timed(run, count));
  return times.sort((a, b) => a - b)[RUNS >> 1];
};

const all = {};
for (const [name, make] of Object.entries(pools)) {
  const times = {};
  let pool;
  times.up = await timed(() => {
    pool = make();
    return Promise.all([pool.run(1), pool.run(2)]);
  }, 1);
  if (process.argv[2] === "up") {
    all[name] = times;
    continue;
  }
  const many = (count) =>
    Promise.all(Array.from({ length: count }, (_, i) => pool.run(i)));
  await many(2000);
  times.apply = await timed(async () => {
    for (let i = 0; i < APPLIES; i++) await pool.run(i);
  }, APPLIES);
  times.outstanding = await again(() => many(OUTSTANDING), OUTSTANDING);
  const mb = new Uint8Array(2 ** 20);
  times["1 MiB"] = await timed(async () => {
    for (let i = 0; i < MEGABYTES; i++) await pool.echo(mb);
  }, MEGABYTES);
  pool.end(); // poolifier's may never resolve
  all[name] = times;
}
process.stdout.write(JSON.stringify(all), () => process.exit(0));
