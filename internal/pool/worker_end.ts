/** A worker's end of its link, whether it can look at its owner's memory or not. */

/** What a worker may get from its owner. */
export const Got = {
  /** A message: its `id` and `info`, and the value that `read()` gives. */
  MESSAGE: 1,
  /** Nothing more will come. */
  END: 2,
} as const;
/** One of these. */
export type Got = typeof Got[keyof typeof Got];

/** What a worker does with its link: ring_end.ts, served_end.ts. */
export interface WorkerEnd {
  /** The task that the message is about that was taken last. */
  readonly id: number;
  /** Its second word: messages.ts. */
  readonly info: number;
  /** Takes a message, for which it may block the thread for `timeout` at most. */
  takeSync(options: { readonly timeout: number }): Got | undefined;
  /** Takes a message when there is one. */
  take(): Promise<Got>;
  /** The value of the message, as often as one asks; throws where it cannot be read. */
  read(): unknown;
  /** It was read, or never will be. */
  drop(): void;
  /** Answers; a `DataCloneError` where the value cannot be sent. */
  answer(id: number, info: number, value: unknown, root: string): void;
  /** The `DataCloneError`, if the value cannot be sent. */
  check(value: unknown, root: string): void;
  /** A task was taken, or its function, and is about to be read. */
  see(task: number): void;
  /** It begins. */
  begin(task: number): void;
  /** Another item of a task that is timed begins. */
  beat(): void;
  /** Whether a task is to end, and why, as far as is known. */
  abortedBy(task: number): number;
  /** Waits until it is. */
  whenAborted(task: number, signal: AbortSignal): Promise<number>;
  /** This worker ends. */
  close(): void;
}
