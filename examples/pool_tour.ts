// What one can do with a pool.
import { Pool, ShutDownError, TimeoutError } from "@multi/processing";

export function f(x: number): number {
  return x * x;
}

export function pid(): number {
  return Deno.pid;
}

export async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

if (import.meta.main) {
  let left: Pool;
  {
    await using pool = new Pool(4);
    left = pool;
    console.log(await pool.map(f, range(10)));
    for await (const square of pool.imapUnordered(f, range(10))) {
      console.log(square);
    }
    console.log(await pool.applyAsync(f, [20]).get({ timeout: 1000 }));
    console.log(await pool.apply(pid));
    console.log(await Promise.all(range(4).map(() => pool.apply(pid))));
    try {
      await pool.applyAsync(sleep, [5000]).get({ timeout: 4000 });
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      console.log("We lacked patience and got a TimeoutError");
    }
    console.log("For the moment, the pool remains available for more work");
    console.log(await pool.apply(f, [3]));
  }
  try {
    await left.apply(f, [1]);
  } catch (error) {
    if (!(error instanceof ShutDownError)) throw error;
    console.log("Now the pool is closed and no longer available");
  }
}
