// What becomes of a balance when two threads read it, and then write it.
import { SharedValue, Thread } from "@multi/processing";

export function change(balance: SharedValue<"i">, amount: number) {
  for (let i = 0; i < 200_000; i++) {
    balance.value = balance.value + amount;
    balance.value = balance.value - amount;
  }
}

if (import.meta.main) {
  const balance = new SharedValue("i", 0);
  const threads = [5, 8].map((amount) =>
    new Thread({ target: change, args: [balance, amount] })
  );
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  console.log(`balance: ${balance.value}`);
}
