// Puts tasks for the workers of command_tasks.ts, and prints what comes back.
//
//     deno run -A examples/command_client.ts [HOST:PORT]
import { QueueManager } from "@multi/processing/cli";

if (import.meta.main) {
  const [host, port] = (Deno.args[0] ?? "127.0.0.1:8001").split(":");
  await using manager = new QueueManager({
    address: [host!, Number(port)],
    authkey: Deno.env.get("MULTI_PROCESSING_AUTHKEY") ?? "",
  });
  await manager.connect();
  const tasks = await manager.getTaskQueue();
  const results = await manager.getResultQueue();

  const limits = [1000, 2000, 3000, "4000"];
  for (const limit of limits) {
    const id = Deno.inspect(limit);
    await tasks.put({ fn: "countPrimes", args: [limit], id });
  }
  for (let left = limits.length; left > 0; left--) {
    const result = await results.get();
    console.log(
      result.ok
        ? `primes below ${result.id}: ${result.value}`
        : `primes below ${result.id} failed: ${result.error}`,
    );
  }
}
