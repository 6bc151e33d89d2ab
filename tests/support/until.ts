/** Waits for a condition, never for a time. */

/** Waits until the condition holds; the test's own end is the only limit. */
export async function until(
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!await condition()) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until a child has written to that file that it is ready. */
export async function untilFile(path: string): Promise<void> {
  await until(async () => (await Deno.readTextFile(path)) !== "");
}
