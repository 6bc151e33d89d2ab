// 70 processes take one away each, and some do so at the same time: two read the
// same count, and one of the two steps is lost.
import { type DictProxy, Manager, Process } from "@multi/processing";

export async function takeOne(stock: DictProxy<number>): Promise<void> {
  const count = (await stock.get("count"))!;
  await stock.set("count", count - 1);
}

/** So many processes; 70, if nothing else is asked for. */
const COUNT = Number(Deno.args[0] ?? 70);

if (import.meta.main) {
  await using manager = new Manager();
  const stock = await manager.dict({ count: 100 });
  const processes = Array.from(
    { length: COUNT },
    () => new Process({ target: takeOne, args: [stock] }),
  );
  for (const process of processes) process.start();
  for (const process of processes) await process.join();
  console.log(
    `count: ${await stock.get("count")} (${100 - COUNT}, if nothing was lost)`,
  );
}
