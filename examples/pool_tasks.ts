// Ten tasks for three workers.
import { Pool } from "@multi/processing";

export async function work(i: number): Promise<void> {
  console.log(`task ${i} starts in process ${Deno.pid}`);
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `task ${i} ran for ${seconds.toFixed(2)} s in process ${Deno.pid}`,
  );
}

if (import.meta.main) {
  const pool = new Pool(3);
  for (let i = 0; i < 10; i++) pool.applyAsync(work, [i]);
  console.log("-------start--------");
  pool.close();
  console.log("close");
  await pool.join();
  console.log("join");
  console.log("--------end--------");
}
