// Producers and consumers; a consumer ends when there is nothing to do any more.
import { EmptyError, Process, Queue } from "@multi/processing";
import { delay } from "@std/async";

export async function produce(name: string, queue: Queue<string | null>) {
  for (let i = 0; i < 10; i++) {
    await delay(Math.random() * 20);
    await queue.put(`${name}'s item ${i}`);
  }
  console.log(`${name} has made all its items`);
}

export async function consume(name: string, queue: Queue<string | null>) {
  while (true) {
    try {
      const item = await queue.get({ timeout: 5000 });
      if (item === null) break;
      console.log(`${name} has got ${item}`);
    } catch (error) {
      if (!(error instanceof EmptyError)) throw error;
      break; // nobody has put anything for so long
    }
  }
  console.log(`${name} has ended`);
}

if (import.meta.main) {
  const queue = new Queue<string | null>();
  const producers = ["Alice", "Bob", "Carol"].map((name) =>
    new Process({ target: produce, args: [name, queue] })
  );
  const consumers = ["Dave", "Erin"].map((name) =>
    new Process({ target: consume, args: [name, queue] })
  );
  for (const process of [...producers, ...consumers]) process.start();
  for (const process of producers) await process.join();
  for (const _ of consumers) await queue.put(null); // one for each
  for (const process of consumers) await process.join();
  console.log("All have ended");
}
