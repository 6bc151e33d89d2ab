// One process sends, another one receives until there is nobody who could send.
import { type Connection, EOFError, pipe, Process } from "@multi/processing";

export async function receive(
  here: Connection<string>,
  there: Connection<string>,
) {
  here.close(); // this process does not use that end
  try {
    while (true) console.log(`Received: ${await there.recv()}`);
  } catch (error) {
    if (!(error instanceof EOFError)) throw error;
    console.log("EOFError: nobody sends any more");
  }
}

if (import.meta.main) {
  const [here, there] = pipe<string>();
  const process = new Process({ target: receive, args: [here, there] });
  process.start();
  there.close(); // the process has it
  for (let i = 0; i < 20; i++) await here.send("hello");
  here.close();
  await process.join();
}
