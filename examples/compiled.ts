// Threads and a pool of processes, in a program that may be compiled:
//   deno compile -A --output compiled examples/compiled.ts && ./compiled
// (What a target needs must be reachable by imports of the main module.)
import { freezeSupport, Pool, Thread } from "@multi/processing";

export function square(n: number): number {
  return n * n;
}

export function greet(name: string): string {
  return `Hello, ${name}, from a thread`;
}

if (import.meta.main) {
  await freezeSupport();
  const threads = ["Alice", "Bob"].map((name) =>
    new Thread({ target: greet, args: [name] })
  );
  for (const thread of threads) thread.start();
  for (const thread of threads) {
    console.log(await thread.result());
    await thread.join();
  }

  await using pool = new Pool(2);
  console.log(await pool.map(square, [1, 2, 3, 4, 5]));
}
