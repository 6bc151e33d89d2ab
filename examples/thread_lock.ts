// The same under a lock: nobody comes between reading and writing.
import { Lock, SharedValue, Thread } from "@multi/processing";

export function change(
  balance: SharedValue<"i">,
  amount: number,
  lock: Lock,
) {
  for (let i = 0; i < 200_000; i++) {
    lock.withLockSync(() => {
      balance.value = balance.value + amount;
      balance.value = balance.value - amount;
    });
  }
}

if (import.meta.main) {
  const balance = new SharedValue("i", 0);
  const lock = new Lock();
  const threads = [5, 8].map((amount) =>
    new Thread({ target: change, args: [balance, amount, lock] })
  );
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  console.log(`balance: ${balance.value}`);
}
