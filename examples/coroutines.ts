// Coroutines of one thread that take turns, waited for together.
import { joinall, sleep, spawn } from "@multi/processing";

async function count(name: string) {
  for (let i = 1; i <= 3; i++) {
    console.log(`${name}: ${i}`);
    await sleep(0); // lets the other run
  }
}

// A generator lets others run where it yields, and needs no promise for it.
function* sum(name: string, n: number) {
  let total = 0;
  for (let i = 1; i <= n; i++) {
    total += i;
    console.log(`${name}: ${total}`);
    yield;
  }
  return total;
}

if (import.meta.main) {
  console.log("Async functions:");
  await joinall([spawn(count, "ping"), spawn(count, "pong")]);

  console.log("Generators:");
  const sums = [spawn(sum, "left", 3), spawn(sum, "right", 4)];
  for (const greenlet of await joinall(sums)) console.log(greenlet.value);

  console.log("One that waits, and one that is killed:");
  const waits = spawn(async () => {
    await sleep(10);
    return "waited";
  });
  const killed = spawn(async () => {
    try {
      await sleep(60_000);
    } finally {
      console.log("cleaned up");
    }
  });
  console.log(await waits);
  await killed.kill();
}
