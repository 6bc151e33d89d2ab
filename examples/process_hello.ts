// One child process: started, waited for, gone.
import { Process } from "@multi/processing";

export function runProcess(name: string) {
  console.log(`Run child process ${name} (${Deno.pid})...`);
}

if (import.meta.main) {
  console.log(`Parent process ${Deno.pid}.`);
  const process = new Process({ target: runProcess, args: ["test"] });
  console.log("Child process will start.");
  process.start();
  await process.join();
  console.log("Child process end.");
}
