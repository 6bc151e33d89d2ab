// One process that becomes two.
import { fork, parentProcess } from "@multi/processing";

console.log(`Process (${Deno.pid}) start...`);
const pid = await fork();
if (pid === 0) {
  console.log(
    `I am child process (${Deno.pid}) and my parent is (${
      parentProcess()!.pid
    }).`,
  );
} else {
  console.log(`I (${Deno.pid}) just created a child process (${pid}).`);
}
