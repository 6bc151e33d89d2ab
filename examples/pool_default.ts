// As many workers as there are processors, and the results of 13 tasks.
import { Pool } from "@multi/processing";

export function double(i: number): number {
  return 2 * i;
}

if (import.meta.main) {
  const pool = new Pool();
  const results = Array.from(
    { length: 13 },
    (_, i) => pool.applyAsync(double, [i]),
  );
  pool.close();
  await pool.join();
  console.log(`[${(await Promise.all(results)).join(", ")}]`);
}
