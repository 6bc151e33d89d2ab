// What not to do: a process is started at the top level, without a guard. Its
// child imports this module to find the target, and would start one itself.
import { Process } from "@multi/processing";

export function work() {
  console.log("never reached");
}

const process = new Process({ target: work });
process.start();
await process.result();
