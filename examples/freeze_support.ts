// One child process, in a program that may be compiled:
//   deno compile -A --output hello examples/freeze_support.ts && ./hello
import { freezeSupport, Process } from "@multi/processing";

export function runProcess(name: string) {
  console.log(`Run child process ${name} (${Deno.pid})...`);
}

if (import.meta.main) {
  await freezeSupport();
  console.log(`Parent process ${Deno.pid}.`);
  const process = new Process({ target: runProcess, args: ["test"] });
  console.log("Child process will start.");
  process.start();
  await process.join();
  console.log("Child process end.");
}
