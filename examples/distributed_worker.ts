// Takes tasks from distributed_master.ts, computes, and gives back the results.
//
//     deno run -A examples/distributed_worker.ts [PORT] [KEY] [HOST] [TASK_MS]
import {
  BaseManager,
  EmptyError,
  EOFError,
  type Queue,
  type Typeid,
} from "@multi/processing";
import { delay } from "@std/async";

class QueueManager extends BaseManager {
  declare getTaskQueue: Typeid<Queue<number>>;
  declare getResultQueue: Typeid<Queue<[n: number, square: number]>>;
}
// Only the master knows how these are made.
QueueManager.register("getTaskQueue");
QueueManager.register("getResultQueue");

async function work(
  address: [host: string, port: number],
  authkey: string,
  taskMs: number,
) {
  await using manager = new QueueManager({ address, authkey });
  console.log(`Connect to server ${address.join(":")}...`);
  await manager.connect();
  const tasks = await manager.getTaskQueue();
  const results = await manager.getResultQueue();
  for (;;) {
    const n = await tasks.get({ timeout: 1000 });
    console.log(`run task ${n} * ${n}...`);
    await delay(taskMs);
    await results.put([n, n * n]);
  }
}

if (import.meta.main) {
  const [port = "8001", authkey = "abc", host = "127.0.0.1", taskMs = "100"] =
    Deno.args;
  try {
    await work([host, Number(port)], authkey, Number(taskMs));
  } catch (error) {
    if (error instanceof EmptyError) console.log("task queue is empty.");
    else if (error instanceof EOFError) console.log("the master is gone.");
    else {
      console.error(`${(error as Error).name}: ${(error as Error).message}`);
      Deno.exitCode = 1;
    }
  }
  console.log("worker exit.");
}
