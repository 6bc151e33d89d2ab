// The same work on one worker and on more: threads, and processes.
import { cpuCount, Pool, ThreadPool } from "@multi/processing";

/** Counts the primes below `n`, slowly. */
export function countPrimes(n: number): number {
  let count = 0;
  for (let i = 2; i < n; i++) {
    let isPrime = true;
    for (let k = 2; k * k <= i && isPrime; k++) isPrime = i % k !== 0;
    if (isPrime) count++;
  }
  return count;
}

if (import.meta.main) {
  const tasks = Array<number>(16).fill(Number(Deno.args[0] ?? 300_000));
  for (
    const [kind, Kind] of [["threads", ThreadPool], [
      "processes",
      Pool,
    ]] as const
  ) {
    let alone = 0;
    for (let workers = 1; workers <= cpuCount(); workers++) {
      await using pool = new Kind(workers);
      await Promise.all(
        Array.from({ length: workers }, () => pool.apply(countPrimes, [10])),
      );
      const start = performance.now();
      await pool.map(countPrimes, tasks, { chunksize: 1 });
      const ms = performance.now() - start;
      if (workers === 1) alone = ms;
      console.log(
        `${kind.padEnd(9)} ${workers} ${
          ms.toFixed(0).padStart(6)
        } ms  speed-up ${(alone / ms).toFixed(2)}`,
      );
    }
  }
}
