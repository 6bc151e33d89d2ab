// Producers wait until all is consumed; the consumers are daemons, which nobody
// has to end.
import { JoinableQueue, Process } from "@multi/processing";
import { delay } from "@std/async";

export async function produce(name: string, queue: JoinableQueue<string>) {
  for (let i = 0; i < 10; i++) {
    await delay(Math.random() * 20);
    await queue.put(`${name}'s item ${i}`);
  }
  await queue.join();
  console.log(`${name} knows that all is consumed`);
}

export async function consume(name: string, queue: JoinableQueue<string>) {
  while (true) {
    const item = await queue.get();
    await delay(Math.random() * 10);
    console.log(`${name} has consumed ${item}`);
    await queue.taskDone();
  }
}

if (import.meta.main) {
  const queue = new JoinableQueue<string>();
  const producers = ["Alice", "Bob", "Carol"].map((name) =>
    new Process({ target: produce, args: [name, queue] })
  );
  const consumers = ["Dave", "Erin"].map((name) =>
    new Process({ target: consume, args: [name, queue], daemon: true })
  );
  for (const process of [...producers, ...consumers]) process.start();
  // Two of them: the consumers live until the third has ended too.
  for (const process of producers.slice(0, 2)) await process.join();
  console.log(`Consumers: ${consumers.map(({ pid }) => pid).join(", ")}`);
}
