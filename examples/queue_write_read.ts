// One process writes to a queue, another one reads from it, for ever.
import { Process, Queue } from "@multi/processing";
import { delay } from "@std/async";

export async function write(queue: Queue<string>) {
  console.log(`Process to write: ${Deno.pid}`);
  for (const value of ["A", "B", "C"]) {
    console.log(`Put ${value} to queue...`);
    await queue.put(value);
    await delay(Math.random() * 100);
  }
}

export async function read(queue: Queue<string>, done: Queue<string>) {
  console.log(`Process to read: ${Deno.pid}`);
  while (true) {
    const value = await queue.get();
    console.log(`Get ${value} from queue.`);
    await done.put(value);
  }
}

if (import.meta.main) {
  const queue = new Queue<string>();
  const done = new Queue<string>();
  const writer = new Process({ target: write, args: [queue] });
  const reader = new Process({ target: read, args: [queue, done] });
  writer.start();
  reader.start();
  await writer.join();
  // Let the reader get what is still in the queue, before it is ended.
  for (let i = 0; i < 3; i++) await done.get();
  reader.terminate();
  await reader.join();
  console.log(`The reader has ended with ${reader.exitcode}.`);
}
