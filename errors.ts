/**
 * The errors of this package. Each one's `name` is its class name, and each
 * message says what happened, to what, and what to do about it.
 *
 * An error that a process, a thread or a task has thrown comes back as the same
 * class, with its message, name, cause, fields and stack; as a
 * {@linkcode RemoteError} where that class is not known. What cannot be sent of it,
 * such as a function in a field, is left out: each is a line at the end of the stack,
 * `left out: error.retry: a function cannot be sent; …`.
 *
 * ```ts
 * import { ProcessError, TimeoutError } from "@multi/processing/errors";
 * import { assert } from "@std/assert";
 *
 * const error = new TimeoutError("Process-1 did not end within 50 ms");
 * assert(error instanceof ProcessError);
 * ```
 *
 * @module
 */

/**
 * The base of all errors that this package defines.
 *
 * @example Any error of this package
 * ```ts
 * import { ProcessError, Queue } from "@multi/processing";
 * import { assertRejects } from "@std/assert";
 *
 * using queue = new Queue<string>();
 * await assertRejects(() => queue.getNowait(), ProcessError);
 * ```
 *
 * Python: `multiprocessing.ProcessError`.
 */
export class ProcessError extends Error {
  static {
    this.prototype.name = "ProcessError";
  }
}

/**
 * A wait was given up because its `timeout` ran out; what was waited for goes
 * on. (`AbortSignal.timeout()` rejects with a `DOMException` that is also
 * *named* "TimeoutError"; that is another class.)
 *
 * @example No result yet
 * ```ts
 * import { sleep, spawn, TimeoutError } from "@multi/processing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const slow = spawn(sleep, 60_000);
 * await assertRejects(() => slow.get({ timeout: 1 }), TimeoutError);
 * assertEquals(slow.ready(), false); // it goes on
 * await slow.kill();
 * ```
 *
 * Python: `multiprocessing.TimeoutError`.
 */
export class TimeoutError extends ProcessError {
  static {
    this.prototype.name = "TimeoutError";
  }
}

/**
 * There was nothing to take from a queue before the time ran out.
 *
 * @example A queue with nothing in it
 * ```ts
 * import { EmptyError, Queue } from "@multi/processing";
 * import { assertRejects } from "@std/assert";
 *
 * using queue = new Queue<string>();
 * await assertRejects(() => queue.getNowait(), EmptyError);
 * await assertRejects(() => queue.get({ timeout: 1 }), EmptyError);
 * ```
 *
 * Python: `queue.Empty`.
 */
export class EmptyError extends ProcessError {
  static {
    this.prototype.name = "EmptyError";
  }
}

/** What a {@linkcode FullError} keeps of what could not be put. */
export interface FullErrorOptions extends ErrorOptions {
  /** The item that `put` did not put. */
  item?: unknown;
  /** The items that `putMany` did not put. */
  items?: readonly unknown[];
}

/**
 * There was no room in a queue before the time ran out. What was not put is
 * still in hand: `item`, or `items` for `putMany`.
 *
 * @example An item that is still in hand
 * ```ts
 * import { FullError, Queue } from "@multi/processing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * using queue = new Queue<string>(1);
 * await queue.put("first");
 * const error = await assertRejects(() => queue.putNowait("second"), FullError);
 * assertEquals(error.item, "second");
 * ```
 *
 * Python: `queue.Full`.
 */
export class FullError extends ProcessError {
  static {
    this.prototype.name = "FullError";
  }
  /** The item that `put` did not put. */
  declare readonly item?: unknown;
  /** The items that `putMany` did not put. */
  declare readonly items?: readonly unknown[];

  /** Makes the error, with what could not be put. */
  constructor(message?: string, options: FullErrorOptions = {}) {
    super(message, options);
    if ("item" in options) this.item = options.item;
    if (options.items !== undefined) this.items = options.items;
  }
}

/**
 * The object was used after its `close`, `terminate` or `shutdown`.
 *
 * @example A queue that takes no more
 * ```ts
 * import { Queue, ShutDownError } from "@multi/processing";
 * import { assertRejects } from "@std/assert";
 *
 * using queue = new Queue<string>();
 * await queue.shutdown();
 * await assertRejects(() => queue.put("late"), ShutDownError);
 * ```
 *
 * Python: `queue.ShutDown`, or a `ValueError`.
 */
export class ShutDownError extends ProcessError {
  static {
    this.prototype.name = "ShutDownError";
  }
}

/**
 * The task was taken back by `terminate` or `cancel` before it had a result.
 *
 * @example A task that is not wanted any more
 * ```ts
 * import { CancelledError, ThreadPoolExecutor } from "@multi/processing";
 * import { assert, assertRejects } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor(1);
 * const future = executor.submit((n: number) => n + 1, 1);
 * assert(future.cancel());
 * await assertRejects(() => future.result(), CancelledError);
 * ```
 *
 * Python: `concurrent.futures.CancelledError`.
 */
export class CancelledError extends ProcessError {
  static {
    this.prototype.name = "CancelledError";
  }
}

/**
 * Nobody holds the other end any more, and everything sent was received.
 *
 * @example The end of what was sent
 * ```ts
 * import { EOFError, pipe } from "@multi/processing";
 * import { assertRejects } from "@std/assert";
 *
 * const [receiver, sender] = pipe<string>({ duplex: false });
 * sender.close();
 * await assertRejects(() => receiver.recv(), EOFError);
 * receiver.close();
 * ```
 *
 * Python: `EOFError`.
 */
export class EOFError extends ProcessError {
  static {
    this.prototype.name = "EOFError";
  }
}

/** What a {@linkcode DataCloneError} says beyond its message. */
export interface DataCloneErrorOptions extends ErrorOptions {
  /** Where the value stands, such as `args[0].onDone`. */
  path?: string;
}

/**
 * A value cannot be sent to another process or thread. `path` says which one
 * (`args[0].onDone`), the message why, and what to send instead.
 *
 * @example Which value it is
 * ```ts
 * import { DataCloneError, Queue } from "@multi/processing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * using queue = new Queue<{ onDone(): void }>();
 * const error = await assertRejects(
 *   () => queue.put({ onDone() {} }),
 *   DataCloneError,
 * );
 * assertEquals(error.path, "item.onDone");
 * ```
 *
 * Python: `pickle.PicklingError`.
 */
export class DataCloneError extends ProcessError {
  static {
    this.prototype.name = "DataCloneError";
  }
  /** Where the value stands, such as `args[0].onDone`. */
  readonly path: string;

  /** Makes the error, with the place of the value. */
  constructor(message?: string, options: DataCloneErrorOptions = {}) {
    super(message, options);
    this.path = options.path ?? "";
  }
}

/**
 * The two sides of a connection do not have the same key.
 *
 * @example A client with another key
 * ```ts
 * import { AuthenticationError, connect, Listener } from "@multi/processing";
 * import { assertRejects } from "@std/assert";
 *
 * using listener = new Listener({ address: ["127.0.0.1", 0], authkey: "one" });
 * await assertRejects(
 *   () => connect(listener.address, { authkey: "another" }),
 *   AuthenticationError,
 * );
 * ```
 *
 * Python: `multiprocessing.AuthenticationError`.
 */
export class AuthenticationError extends ProcessError {
  static {
    this.prototype.name = "AuthenticationError";
  }
}

/** What a {@linkcode BufferTooShortError} keeps. */
export interface BufferTooShortErrorOptions extends ErrorOptions {
  /** The message that was longer than allowed. */
  bytes?: Uint8Array;
}

/**
 * A message was longer than `maxlength`. It is not lost: `bytes` has it.
 *
 * @example A message that is too long
 * ```ts
 * import { BufferTooShortError, pipe } from "@multi/processing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const [left, right] = pipe();
 * await left.sendBytes(new Uint8Array([1, 2, 3]));
 * const error = await assertRejects(
 *   () => right.recvBytes({ maxlength: 2 }),
 *   BufferTooShortError,
 * );
 * assertEquals(error.bytes, new Uint8Array([1, 2, 3]));
 * left.close();
 * right.close();
 * ```
 *
 * Python: `multiprocessing.BufferTooShort`.
 */
export class BufferTooShortError extends ProcessError {
  static {
    this.prototype.name = "BufferTooShortError";
  }
  /** The whole message. */
  readonly bytes: Uint8Array;

  /** Makes the error, with the message that was too long. */
  constructor(message?: string, options: BufferTooShortErrorOptions = {}) {
    super(message, options);
    this.bytes = options.bytes ?? new Uint8Array();
  }
}

/**
 * A barrier was broken, by `abort`, by a time-out or by the death of a party.
 *
 * @example The others do not come
 * ```ts
 * import { Barrier, BrokenBarrierError } from "@multi/processing";
 * import { assertRejects } from "@std/assert";
 *
 * const barrier = new Barrier(2);
 * const waiting = barrier.wait();
 * await barrier.abort();
 * await assertRejects(() => waiting, BrokenBarrierError);
 * ```
 *
 * Python: `threading.BrokenBarrierError`.
 */
export class BrokenBarrierError extends ProcessError {
  static {
    this.prototype.name = "BrokenBarrierError";
  }
}

/**
 * Several workers of a pool in a row could not start, or an executor's initializer
 * has thrown. That is final: the pool takes no more tasks, and another is to be made.
 *
 * @example An initializer that throws
 * ```ts
 * import { BrokenPoolError, ThreadPoolExecutor } from "@multi/processing";
 * import { assertRejects } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor({
 *   initializer: () => {
 *     throw new Error("no database");
 *   },
 * });
 * const future = executor.submit((n: number) => n + 1, 1);
 * await assertRejects(() => future.result(), BrokenPoolError, "no database");
 * ```
 *
 * Python: `concurrent.futures.BrokenExecutor`.
 */
export class BrokenPoolError extends ProcessError {
  static {
    this.prototype.name = "BrokenPoolError";
  }
}

/** What a {@linkcode WorkerLostError} says of the worker. */
export interface WorkerLostErrorOptions extends ErrorOptions {
  /** The process's id. */
  pid?: number | null;
  /** Its exit code; -9 where signal 9 ended it. */
  exitcode?: number | null;
}

/**
 * A process or thread ended before it had given a result: it was killed, ran
 * out of memory, or left by `Deno.exit`.
 *
 * @example A process that was killed
 * ```ts
 * import { Process, WorkerLostError } from "@multi/processing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await using process = new Process({ target: () => "done" });
 * process.start();
 * process.kill();
 * const error = await assertRejects(() => process.result(), WorkerLostError);
 * assertEquals([error.pid, error.exitcode], [process.pid, -9]);
 * ```
 *
 * Python: `concurrent.futures.process.BrokenProcessPool`.
 */
export class WorkerLostError extends ProcessError {
  static {
    this.prototype.name = "WorkerLostError";
  }
  /** The process's id. */
  readonly pid: number | null;
  /** Its exit code; -9 where signal 9 ended it. */
  readonly exitcode: number | null;

  /** Makes the error, with which worker it was and how it ended. */
  constructor(message?: string, options: WorkerLostErrorOptions = {}) {
    super(message, options);
    this.pid = options.pid ?? null;
    this.exitcode = options.exitcode ?? null;
  }
}

/**
 * The holder of a lock died while it held it, so what the lock guards may be
 * half done. The lock is free again, and not held by who gets this error.
 *
 * @example A holder that died
 * ```ts
 * import { Lock, LockAbandonedError, Thread } from "@multi/processing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const die = (lock: Lock) => {
 *   lock.acquireSync();
 *   Deno.exit();
 * };
 * const lock = new Lock();
 * const thread = new Thread({ target: die, args: [lock] });
 * thread.start();
 * await thread.join();
 * await assertRejects(() => lock.acquire(), LockAbandonedError);
 * assertEquals(await lock.locked(), false);
 * ```
 *
 * Python has none: there the others wait for ever.
 */
export class LockAbandonedError extends ProcessError {
  static {
    this.prototype.name = "LockAbandonedError";
  }
}

/** What a {@linkcode RemoteError} says of the error it stands for. */
export interface RemoteErrorOptions extends ErrorOptions {
  /** The `name` that the error had where it was thrown. */
  remoteName?: string;
}

/**
 * An error from another process or thread whose class is unknown here. It has
 * that error's message, stack, cause and own data fields; `registerClass` makes
 * such errors arrive as what they are.
 *
 * @example An error of a class of one's own
 * ```ts
 * import { RemoteError, ThreadPool } from "@multi/processing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const pay = () => {
 *   class PaymentError extends Error {
 *     override name = "PaymentError";
 *   }
 *   throw new PaymentError("no money");
 * };
 * await using pool = new ThreadPool(1);
 * const error = await assertRejects(() => pool.apply(pay), RemoteError, "no money");
 * assertEquals(error.remoteName, "PaymentError");
 * ```
 *
 * Python: `multiprocessing.managers.RemoteError`.
 */
export class RemoteError extends ProcessError {
  static {
    this.prototype.name = "RemoteError";
  }
  /** The `name` that the error had where it was thrown. */
  readonly remoteName: string;

  /** Makes the error, with the name that it had where it was thrown. */
  constructor(message?: string, options: RemoteErrorOptions = {}) {
    super(message, options);
    this.remoteName = options.remoteName ?? "Error";
  }
}

/**
 * A child could not begin its work: its target was not found, a module failed
 * to load, or a main module starts processes while it is being loaded.
 *
 * @example A target that is not there
 * ```ts
 * import { BootstrapError, Thread } from "@multi/processing";
 * import { assertRejects } from "@std/assert";
 *
 * await using thread = new Thread({
 *   target: function work() {},
 *   module: "data:text/javascript,export const play = 1",
 * });
 * thread.start();
 * await assertRejects(() => thread.result(), BootstrapError);
 * ```
 *
 * Python: the `RuntimeError` about the bootstrapping phase.
 */
export class BootstrapError extends ProcessError {
  static {
    this.prototype.name = "BootstrapError";
  }
}

/**
 * Thrown inside of a coroutine that is killed, at its next wait.
 *
 * @example A coroutine that was killed
 * ```ts
 * import { GreenletExit, sleep, spawn } from "@multi/processing";
 * import { assertRejects } from "@std/assert";
 *
 * const greenlet = spawn(sleep, 60_000);
 * await greenlet.kill();
 * await assertRejects(() => greenlet.get(), GreenletExit);
 * ```
 *
 * gevent: `gevent.GreenletExit`.
 */
export class GreenletExit extends ProcessError {
  static {
    this.prototype.name = "GreenletExit";
  }
}

/** What the errors about a program's end know of it. */
export interface ProgramErrorOptions extends ErrorOptions {
  /** The program and its arguments. */
  cmd?: readonly string[];
  /** What was read of its standard output. */
  stdout?: string | Uint8Array<ArrayBuffer> | null;
  /** What was read of its standard error. */
  stderr?: string | Uint8Array<ArrayBuffer> | null;
}

/** What a {@linkcode CalledProcessError} says beyond its message. */
export interface CalledProcessErrorOptions extends ProgramErrorOptions {
  /** The program's exit code; -9 where signal 9 ended it. */
  returncode?: number;
}

/**
 * A program that was to succeed did not.
 *
 * @example How a program has failed
 * ```ts
 * import { CalledProcessError, checkOutput, PIPE } from "@multi/processing/subprocess";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const error = await assertRejects(
 *   () => checkOutput(["sh", "-c", "echo no >&2; exit 3"], { stderr: PIPE, text: true }),
 *   CalledProcessError,
 * );
 * assertEquals([error.returncode, error.stderr], [3, "no\n"]);
 * ```
 *
 * Python: `subprocess.CalledProcessError`.
 */
export class CalledProcessError extends ProcessError {
  static {
    this.prototype.name = "CalledProcessError";
  }
  /** The program and its arguments. */
  readonly cmd: readonly string[];
  /** The program's exit code; -9 where signal 9 ended it. */
  readonly returncode: number;
  /** What was read of its standard output. */
  readonly stdout: string | Uint8Array<ArrayBuffer> | null;
  /** What was read of its standard error. */
  readonly stderr: string | Uint8Array<ArrayBuffer> | null;

  /** Makes the error, with what is known of the program's run. */
  constructor(message?: string, options: CalledProcessErrorOptions = {}) {
    super(message, options);
    this.cmd = options.cmd ?? [];
    this.returncode = options.returncode ?? 1;
    this.stdout = options.stdout ?? null;
    this.stderr = options.stderr ?? null;
  }
}

/** What a {@linkcode TimeoutExpiredError} says beyond its message. */
export interface TimeoutExpiredErrorOptions extends ProgramErrorOptions {
  /** The time that ran out, in milliseconds. */
  timeout?: number;
}

/**
 * A program did not end in time; what was read of its output until then is kept.
 *
 * @example A program that takes too long
 * ```ts
 * import { run, TimeoutExpiredError } from "@multi/processing/subprocess";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const error = await assertRejects(
 *   () => run(["sleep", "60"], { timeout: 10 }),
 *   TimeoutExpiredError,
 * );
 * assertEquals([error.cmd, error.timeout], [["sleep", "60"], 10]);
 * ```
 *
 * Python: `subprocess.TimeoutExpired`.
 */
export class TimeoutExpiredError extends TimeoutError {
  static {
    this.prototype.name = "TimeoutExpiredError";
  }
  /** The program and its arguments. */
  readonly cmd: readonly string[];
  /** The time that ran out, in milliseconds. */
  readonly timeout: number;
  /** What was read of its standard output. */
  readonly stdout: string | Uint8Array<ArrayBuffer> | null;
  /** What was read of its standard error. */
  readonly stderr: string | Uint8Array<ArrayBuffer> | null;

  /** Makes the error, with what is known of the program's run. */
  constructor(message?: string, options: TimeoutExpiredErrorOptions = {}) {
    super(message, options);
    this.cmd = options.cmd ?? [];
    this.timeout = options.timeout ?? 0;
    this.stdout = options.stdout ?? null;
    this.stderr = options.stderr ?? null;
  }
}
