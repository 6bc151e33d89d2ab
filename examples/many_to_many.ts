// Ten producers, and five consumers that are daemons: each item is consumed once.
import { JoinableQueue, Process } from "@multi/processing";

export async function produce(id: number, queue: JoinableQueue<string>) {
  for (let i = 0; i < 10; i++) await queue.put(`${id}/${i}`);
}

export async function consume(id: number, queue: JoinableQueue<string>) {
  for await (const item of queue) {
    console.log(`Consumer ${id} has consumed ${item}`);
    await queue.taskDone();
  }
}

if (import.meta.main) {
  const queue = new JoinableQueue<string>(20);
  const producers = Array.from(
    { length: 10 },
    (_, id) => new Process({ target: produce, args: [id, queue] }),
  );
  const consumers = Array.from(
    { length: 5 },
    (_, id) =>
      new Process({ target: consume, args: [id, queue], daemon: true }),
  );
  for (const process of [...consumers, ...producers]) process.start();
  for (const process of producers) await process.join();
  await queue.join();
  console.log("All is consumed.");
}
