/**
 * Who runs this code: which coroutine, and who owns the locks that it takes.
 *
 * The answer follows the code through its `await`s. What it takes for that is looked
 * for, and perhaps loaded, when the first coroutine is spawned, or the first owner
 * of its own is made; until then to ask costs nothing, and the answer is: nobody
 * but the thread.
 */

import { type AsyncVariable, variableOfRuntime } from "./async_variable.ts";

/** A coroutine, as those see it who are called by it. */
export interface Coroutine {
  /** The `Greenlet` that stands for it. */
  readonly greenlet: object;
  /** What `local()` keeps for it, by the object that `local()` made. */
  readonly locals: WeakMap<object, unknown>;
  /**
   * Throws if it was killed, and no wait has thrown that yet. One kill is
   * thrown once: what runs after it (a `finally` block) may wait again.
   */
  throwIfKilled(): void;
  /**
   * Calls back, once, if it is killed from now on; the kill then counts as
   * thrown. Returns what takes the call back: to be called when the wait is over,
   * not when the caller goes on, because a kill in between would be lost.
   */
  onKill(callback: (exit: Error) => void): () => void;
  /** Takes back a kill that a wait was called back for, and has not thrown. */
  keepKill(exit: Error): void;
}

/** Where code runs. */
export interface Context {
  /** Whom a lock belongs to that is taken here; told apart by identity. */
  readonly owner: object;
  /** The coroutine that runs, if one does. */
  readonly coroutine: Coroutine | null;
}

let thread: Context = { owner: {}, coroutine: null };
let threadLocals = new WeakMap<object, unknown>();

let storage: AsyncVariable<Context> | null = null;
let loading: Promise<void> | null = null;
/** Where code runs that is called by {@linkcode runInSync}. */
let inside: Context | null = null;

/** Where code of this thread runs that no coroutine and no owner has called. */
export function threadContext(): Context {
  return thread;
}

/** Another thread begins, in a Worker that has run one before. */
export function beginThread(): void {
  thread = { owner: {}, coroutine: null };
  threadLocals = new WeakMap();
}

/** Where this code runs: the innermost context. */
export function currentContext(): Context {
  return inside ?? storage?.getStore() ?? thread;
}

/** The coroutine that runs this code, if one does. */
export function currentCoroutine(): Coroutine | null {
  return storage === null ? null : currentContext().coroutine;
}

/** What `local()` keeps here: for the coroutine, or else for the thread. */
export function currentLocals(): WeakMap<object, unknown> {
  return currentCoroutine()?.locals ?? threadLocals;
}

/** Makes {@linkcode runIn} possible; `null` where it is now. */
export function loadContexts(): Promise<void> | null {
  storage ??= variableOfRuntime();
  if (storage !== null) return null;
  return loading ??= import("node:async_hooks").then(
    ({ AsyncLocalStorage }) => {
      storage ??= new AsyncLocalStorage<Context>();
    },
  );
}

/**
 * Calls `fn`; it, and what it goes on to do after each `await`, runs in that
 * context. Only after {@linkcode loadContexts}.
 */
export function runIn<R>(context: Context, fn: () => R): R {
  if (inside === null) return storage!.run(context, fn);
  const around = inside;
  inside = null;
  try {
    return storage!.run(context, fn);
  } finally {
    inside = around;
  }
}

/** Calls `fn` in that context, which ends when it returns; needs no loading. */
export function runInSync<R>(context: Context, fn: () => R): R {
  const around = inside;
  inside = context;
  try {
    return fn();
  } finally {
    inside = around;
  }
}

/**
 * Calls `fn` as an owner of its own: in the coroutine that runs now, so that it
 * is killed and has its locals as before, but apart from it as to locks.
 */
export async function runAsOwner<R>(
  owner: object,
  fn: () => R | PromiseLike<R>,
): Promise<R> {
  const loading = loadContexts();
  if (loading !== null) await loading;
  return await runIn({ owner, coroutine: currentCoroutine() }, fn);
}

/** {@linkcode runAsOwner} for a function that does not wait. */
export function runAsOwnerSync<R>(owner: object, fn: () => R): R {
  return runInSync({ owner, coroutine: currentCoroutine() }, fn);
}

/**
 * Calls `fn` for somebody elsewhere: as that owner, in no coroutine. What it goes
 * on to do after an `await` is known as that owner's only where contexts are
 * loaded.
 */
export function runFor<R>(owner: object, fn: () => R): R {
  const context: Context = { owner, coroutine: null };
  return storage === null ? runInSync(context, fn) : runIn(context, fn);
}

/** Calls `fn` for all of this thread: in no coroutine, whose kill would end it. */
export function runForThread<R>(fn: () => R): R {
  return runFor(thread.owner, fn);
}

/** Throws `GreenletExit` where a killed coroutine runs: first thing in a wait. */
export function throwIfKilled(): void {
  if (storage !== null) currentContext().coroutine?.throwIfKilled();
}

/**
 * A wait that is ended by a signal: the caller's, or one that has the `GreenletExit`
 * as its reason when the coroutine that waits is killed.
 *
 * @throws {unknown} The signal's reason if it has aborted; `GreenletExit` if the
 * coroutine has been killed.
 */
export async function waitBySignal<T>(
  signal: AbortSignal | undefined,
  wait: (signal: AbortSignal | undefined) => PromiseLike<T>,
): Promise<T> {
  const coroutine = currentCoroutine();
  coroutine?.throwIfKilled();
  signal?.throwIfAborted();
  if (coroutine === null) return await wait(signal);
  const controller = new AbortController();
  const abort = () => controller.abort(signal!.reason);
  signal?.addEventListener("abort", abort, { once: true });
  let exit: Error | null = null;
  const forget = coroutine.onKill((reason) => {
    exit = reason;
    controller.abort(reason);
  });
  try {
    return await wait(controller.signal);
  } catch (error) {
    if (error === exit) exit = null;
    throw error;
  } finally {
    forget();
    signal?.removeEventListener("abort", abort);
    if (exit !== null) coroutine.keepKill(exit);
  }
}
