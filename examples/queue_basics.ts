// A queue with a bound: it is filled, refuses more, and is emptied.
import { EmptyError, FullError, Queue } from "@multi/processing";

if (import.meta.main) {
  using queue = new Queue<string>(5);
  console.log(`Empty: ${await queue.empty()}`);
  for (const item of ["a", "b", "c", "d", "e"]) await queue.put(item);
  console.log(`Full: ${await queue.full()}, ${await queue.qsize()} items`);
  try {
    await queue.putNowait("f");
  } catch (error) {
    if (!(error instanceof FullError)) throw error;
    console.log(`FullError: ${error.item} is not in the queue`);
  }
  for (let i = 0; i < 5; i++) console.log(await queue.get());
  try {
    await queue.getNowait();
  } catch (error) {
    if (!(error instanceof EmptyError)) throw error;
    console.log("EmptyError: there is nothing to get");
  }
}
