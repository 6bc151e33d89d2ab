// Three processes fetch ten URLs from a queue: deno run -A queue_requests.ts [URL]
import { EmptyError, Process, Queue } from "@multi/processing";

export async function request(queue: Queue<string>) {
  while (await queue.qsize() > 0) {
    try {
      // Another process may have been faster: qsize() is only a snapshot.
      const url = await queue.get({ timeout: 100 });
      const response = await fetch(url);
      await response.body?.cancel();
      console.log(`${url}: ${response.status} in process ${Deno.pid}`);
    } catch (error) {
      if (!(error instanceof EmptyError)) throw error;
      break;
    }
  }
}

if (import.meta.main) {
  await using server = Deno.args[0] ? null : Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("hello"),
  );
  const url = Deno.args[0] ?? `http://127.0.0.1:${server!.addr.port}/`;
  const queue = new Queue<string>();
  for (let i = 0; i < 10; i++) await queue.put(`${url}?page=${i}`);
  const processes = Array.from(
    { length: 3 },
    () => new Process({ target: request, args: [queue] }),
  );
  for (const process of processes) process.start();
  for (const process of processes) await process.join();
  console.log("All done.");
}
