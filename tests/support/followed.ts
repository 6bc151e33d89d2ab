/** Workers as tests of both kinds follow them. */

import { Process, type Thread } from "@multi/processing";

/** Starts a process or thread, and gives what a test needs of it. */
export function follow<R>(worker: Process<never[], R> | Thread<never[], R>) {
  worker.start();
  return {
    async result(): Promise<R> {
      const result = await worker.result();
      await worker.join();
      return result;
    },
    async kill(): Promise<void> {
      if (worker instanceof Process) worker.kill();
      else worker.terminate();
      await worker.join();
    },
  };
}
