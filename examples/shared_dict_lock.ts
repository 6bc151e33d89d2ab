// The same as shared_dict_race.ts, done right, in two ways: one at a time, under a
// lock; and by `update`, which needs none.
import { type DictProxy, Lock, Manager, Process } from "@multi/processing";

export async function takeOneLocked(
  stock: DictProxy<number>,
  lock: Lock,
): Promise<void> {
  await lock.withLock(async () => {
    const count = (await stock.get("count"))!;
    await stock.set("count", count - 1);
  });
}

export async function takeOne(stock: DictProxy<number>): Promise<void> {
  await stock.update("count", (count = 0) => count - 1);
}

export async function takeOneOfEach(
  locked: DictProxy<number>,
  lock: Lock,
  updated: DictProxy<number>,
): Promise<void> {
  await takeOneLocked(locked, lock);
  await takeOne(updated);
}

/** So many processes; 70, if nothing else is asked for. */
const COUNT = Number(Deno.args[0] ?? 70);

if (import.meta.main) {
  await using manager = new Manager();
  const lock = new Lock();
  const locked = await manager.dict({ count: 100 });
  const updated = await manager.dict({ count: 100 });
  const processes = Array.from(
    { length: COUNT },
    () => new Process({ target: takeOneOfEach, args: [locked, lock, updated] }),
  );
  for (const process of processes) process.start();
  for (const process of processes) await process.join();
  console.log(`with a lock: ${await locked.get("count")}`);
  console.log(`with update: ${await updated.get("count")}`);
}
