// A function of each item, in worker processes.
import { Pool } from "@multi/processing";

export function f(x: number): number {
  return x * x;
}

if (import.meta.main) {
  await using pool = new Pool(3);
  console.log(await pool.map(f, [1, 2, 3]));
}
