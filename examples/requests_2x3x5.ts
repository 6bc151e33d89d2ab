// 2 processes × 3 threads × 5 coroutines fetch what is in one queue. If a process is
// killed meanwhile, the other goes on; the URLs it had in its hands are named.
// Threads of several processes have one queue with --allow-ffi only.
// (Each process and thread loads what is imported here: so no more than is needed.)
import { joinall, spawn } from "@multi/processing/coroutine";
import { Process } from "@multi/processing/process";
import { Queue } from "@multi/processing/queue";
import { Thread } from "@multi/processing/thread";

const PROCESSES = 2;
const THREADS = 3;
const COROUTINES = 5;

type Done = { who: string; url: string };

/** What each coroutine does. */
async function drain(who: string, urls: Queue<string>, done: Queue<Done>) {
  for await (const url of urls) {
    await (await fetch(url)).text();
    await done.put({ who, url });
  }
}

/** What each thread does. */
export async function runCoroutines(
  who: string,
  urls: Queue<string>,
  done: Queue<Done>,
) {
  const coroutines = Array.from(
    { length: COROUTINES },
    (_, i) => spawn(drain, `${who}.${i + 1}`, urls, done),
  );
  await joinall(coroutines, { raiseError: true });
}

/** What each process does. */
export async function runThreads(
  who: string,
  urls: Queue<string>,
  done: Queue<Done>,
) {
  const threads = Array.from(
    { length: THREADS },
    (_, i) =>
      new Thread({
        target: runCoroutines,
        args: [`${who}.${i + 1}`, urls, done],
      }),
  );
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.result();
}

/** Makes a function tell how long it took. */
function countTime<A extends unknown[], R>(
  fn: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    const start = performance.now();
    const result = await fn(...args);
    const seconds = (performance.now() - start) / 1000;
    console.log(`${fn.name} took ${seconds.toFixed(2)} s`);
    return result;
  };
}

/** A progress bar, which the processes and threads need not load. */
async function showProgress(max: number) {
  const { ProgressBar } = await import("@std/cli/unstable-progress-bar");
  return new ProgressBar({
    max,
    formatter: ({ styledTime, progressBar, value }) =>
      `${styledTime} ${progressBar} ${value}/${max}`,
  });
}

async function fetchAll(list: string[]): Promise<Done[]> {
  const urls = new Queue<string>();
  const done = new Queue<Done>();
  await urls.putMany(list);
  await urls.shutdown(); // what is in it can still be got
  const processes = Array.from(
    { length: PROCESSES },
    (_, i) =>
      new Process({ target: runThreads, args: [`${i + 1}`, urls, done] }),
  );
  for (const process of processes) process.start();
  // What they have put stays in the queue, however they end.
  const ends = Promise.all(
    processes.map(async (process) => {
      await process.result().catch((error) => console.error(error.message));
    }),
  ).then(() => done.shutdown());
  const bar = Deno.stdout.isTerminal() ? await showProgress(list.length) : null;
  const results: Done[] = [];
  for await (const result of done) {
    results.push(result);
    if (bar) bar.value = results.length;
  }
  await bar?.stop();
  await ends;
  return results;
}

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 1000);
  let base = Deno.args[1];
  let server: Deno.HttpServer | undefined;
  if (base === undefined) {
    const own = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response("hello"),
    );
    base = `http://127.0.0.1:${own.addr.port}/`;
    server = own;
  }
  const list = Array.from({ length: count }, (_, i) => `${base}?${i}`);
  const results = await countTime(fetchAll)(list);
  const each = Map.groupBy(results, ({ who }) => who);
  for (const who of [...each.keys()].sort()) {
    console.log(`coroutine ${who}: ${each.get(who)!.length}`);
  }
  const urls = new Set(results.map(({ url }) => url));
  console.log(`${results.length} requests, ${urls.size} URLs`);
  for (const url of list) {
    if (urls.has(url)) continue;
    console.log(`never came back: ${url}`);
    Deno.exitCode = 1;
  }
  await server?.shutdown();
}
