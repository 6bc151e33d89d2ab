// One process sends, three others receive at the same end, under a lock.
import {
  type Connection,
  EOFError,
  Lock,
  pipe,
  Process,
} from "@multi/processing";

export async function produce(sender: Connection<number>) {
  for (let i = 0; i < 30; i++) await sender.send(i);
}

export async function consume(receiver: Connection<number>, lock: Lock) {
  try {
    while (true) {
      const item = await lock.withLock(() => receiver.recv());
      console.log(`Process ${Deno.pid} has consumed ${item}`);
    }
  } catch (error) {
    if (!(error instanceof EOFError)) throw error;
    console.log("EOFError: the producer has ended");
  }
}

if (import.meta.main) {
  const [receiver, sender] = pipe<number>({ duplex: false });
  const lock = new Lock();
  const processes = [
    new Process({ target: produce, args: [sender] }),
    ...[1, 2, 3].map(() =>
      new Process({ target: consume, args: [receiver, lock] })
    ),
  ];
  for (const process of processes) process.start();
  receiver.close(); // the processes have them
  sender.close();
  for (const process of processes) await process.join();
}
