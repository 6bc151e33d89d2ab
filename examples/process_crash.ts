// Four children, three of which go wrong, each in a way of its own.
import { Process } from "@multi/processing";
import { delay } from "@std/async";

export function throws() {
  throw new Error("out of luck");
}

export async function waits() {
  await delay(60_000);
}

export function exits() {
  Deno.exit(3);
}

export function isFine() {
  console.log("One child is fine.");
}

if (import.meta.main) {
  const processes = [throws, waits, exits, isFine].map((target) =>
    new Process({ target, name: target.name })
  );
  for (const process of processes) process.start();
  const [, killed] = processes;
  killed!.kill();
  for (const process of processes) await process.join();
  for (const process of processes) {
    console.log(`${process.name}: exit code ${process.exitcode}`);
  }
  console.log("The main process is fine, too.");
}
