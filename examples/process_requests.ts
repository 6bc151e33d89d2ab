// Three processes that each fetch a URL: deno run -A process_requests.ts [URL]
import { Process } from "@multi/processing";
import { delay } from "@std/async";

export async function request(url: string) {
  const response = await fetch(url);
  await response.body?.cancel();
  await delay(1000);
}

if (import.meta.main) {
  await using server = Deno.args[0] ? null : Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("hello"),
  );
  const url = Deno.args[0] ?? `http://127.0.0.1:${server!.addr.port}/`;
  const processes = Array.from(
    { length: 3 },
    () => new Process({ target: request, args: [url] }),
  );
  for (const process of processes) process.start();
  for (const process of processes) {
    console.log(`${process.name} is alive: ${process.isAlive()}`);
  }
  for (const process of processes) await process.join();
  for (const process of processes) {
    console.log(`${process.name} has pid ${process.pid}`);
    process.terminate();
    console.log(`${process.name} is alive: ${process.isAlive()}`);
  }
}
