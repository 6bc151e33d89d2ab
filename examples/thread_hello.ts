// A thread beside the main thread: both say who they are.
import { currentThread, Thread } from "@multi/processing";

export async function loop() {
  const { name } = currentThread();
  console.log(`The thread ${name} is running`);
  for (let n = 1; n <= 5; n++) {
    console.log(`${name} >>> ${n}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  console.log(`The thread ${name} has ended`);
}

if (import.meta.main) {
  const { name } = currentThread();
  console.log(`The thread ${name} is running`);
  const thread = new Thread({ target: loop, name: "loopthread" });
  thread.start();
  await thread.join();
  console.log(`The thread ${name} has ended`);
}
