// What workers can do: all functions that this module exports.
//
//     export MULTI_PROCESSING_AUTHKEY=some-secret
//     deno run -A jsr:@multi/processing/cli serve
//     deno run -A jsr:@multi/processing/cli work examples/command_tasks.ts
//     deno run -A examples/command_client.ts
//     deno run -A jsr:@multi/processing/cli status

/** Counts the primes below a number. */
export function countPrimes(below: number): number {
  if (typeof below !== "number") {
    throw new TypeError(`${Deno.inspect(below)} is no number`);
  }
  let count = 0;
  for (let n = 2; n < below; n++) if (isPrime(n)) count++;
  return count;
}

function isPrime(n: number): boolean {
  for (let i = 2; i * i <= n; i++) if (n % i === 0) return false;
  return true;
}
