/** What a process, or a thread on its own, waits for before it ends. */

/** A process or thread that was started here. */
export interface Other {
  readonly daemon: boolean;
  readonly ended: Promise<unknown>;
}

/** Those that have not ended. */
export const others: Set<Other> = new Set();

/**
 * Resolves when nothing that was started here is left but daemons: threads may
 * start processes and other threads until then.
 */
export async function othersEnded(): Promise<void> {
  for (;;) {
    const left = [...others].filter((one) => !one.daemon);
    if (left.length === 0) return;
    await Promise.all(left.map((one) => one.ended));
  }
}
