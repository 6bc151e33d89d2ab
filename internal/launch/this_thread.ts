/** Which thread of its process runs this code. */

/** What a thread knows of itself. */
export interface ThreadIdentity {
  /** `MainThread`, `Thread-1` … or as the user named it. */
  readonly name: string;
  /** Its number, which no other thread of this process ever has. */
  readonly ident: number;
  /** Whether the program ends without waiting for it. */
  readonly daemon: boolean;
}

/** The main thread's. */
export const MAIN_THREAD: ThreadIdentity = {
  name: "MainThread",
  ident: 1,
  daemon: false,
};

let identity = MAIN_THREAD;

/** This thread. */
export function thisThread(): ThreadIdentity {
  return identity;
}

/** Called in a Worker for each thread that it runs. */
export function becomeThread(thread: ThreadIdentity): void {
  identity = thread;
}
