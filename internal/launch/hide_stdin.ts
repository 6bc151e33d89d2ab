/** A child has no stdin of its own: what comes there is its parent's to say. */

/** From now on there is nothing to read from `Deno.stdin`, which is at its end. */
export function hideStdin(): void {
  const ended: PropertyDescriptorMap = {
    read: { value: () => Promise.resolve(null) },
    readSync: { value: () => null },
    close: { value: () => {} }, // the pipe tells that the parent lives
    readable: { get: () => new Blob().stream() },
  };
  for (const [name, descriptor] of Object.entries(ended)) {
    Object.defineProperty(Deno.stdin, name, {
      ...descriptor,
      configurable: true,
    });
  }
}
