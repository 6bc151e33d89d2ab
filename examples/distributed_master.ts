// Serves two queues to workers on any machine, gives them ten tasks, and prints
// what comes back. Run it, and then distributed_worker.ts, any number of times.
//
//     deno run -A examples/distributed_master.ts [PORT] [HOST] [PATIENCE_MS]
import { BaseManager, EmptyError, Queue, type Typeid } from "@multi/processing";

type Result = [n: number, square: number];

const tasks = new Queue<number>();
const results = new Queue<Result>();

class QueueManager extends BaseManager {
  declare getTaskQueue: Typeid<Queue<number>>;
  declare getResultQueue: Typeid<Queue<Result>>;
}
QueueManager.register("getTaskQueue", { callable: () => tasks });
QueueManager.register("getResultQueue", { callable: () => results });

if (import.meta.main) {
  const [port = "8001", host = "127.0.0.1", patience = "5000"] = Deno.args;
  await using manager = new QueueManager({
    address: [host, Number(port)],
    authkey: "abc",
  });
  await manager.serve();
  const task = await manager.getTaskQueue();
  const result = await manager.getResultQueue();

  const missing: number[] = [];
  for (let i = 0; i < 10; i++) {
    const n = Math.floor(Math.random() * 10_000);
    console.log(`Put task ${n}...`);
    await task.put(n);
    missing.push(n);
  }
  console.log("Try get results...");
  try {
    while (missing.length > 0) {
      const [n, square] = await result.get({
        timeout: Number(patience),
      });
      console.log(`${n} * ${n} = ${square}`);
      missing.splice(missing.indexOf(n), 1);
    }
  } catch (error) {
    if (!(error instanceof EmptyError)) throw error;
    console.log("result queue is empty.");
    console.log(`These never came back: ${missing.join(", ")}`);
  }
  await manager.shutdown();
  console.log("master exit.");
}
