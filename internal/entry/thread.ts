/** What a thread's Worker runs; it is reached by its URL, and imported by nobody. */

import { CancelledError } from "../../errors.ts";
import { beginThread } from "../context.ts";
import { shareCounts } from "../launch/counts.ts";
import { hideStdin } from "../launch/hide_stdin.ts";
import { linkToHub, takeAnswer } from "../launch/hub_link.ts";
import { become, type Identity, self } from "../launch/identity.ts";
import {
  beginLeftovers,
  countLeftovers,
  hasLeftovers,
} from "../launch/leftovers.ts";
import { loadBy, type Loader } from "../launch/loader.ts";
import { LEVELS, log, settings } from "../launch/log.ts";
import { useStartSettings } from "../launch/start_method.ts";
import { othersEnded } from "../launch/others.ts";
import { encodeError, Report } from "../launch/report.ts";
import { shareRoster } from "../launch/roster.ts";
import { runCall, textOf } from "../launch/run_call.ts";
import {
  type FromWorker,
  GATE,
  type Gate,
  outOfMemory,
  START,
  type ThreadEnd,
  type ThreadPlan,
  type ToWorker,
  unwrap,
  wrap,
} from "../launch/thread_messages.ts";
import { becomeThread } from "../launch/this_thread.ts";
import { onUncaught } from "../launch/uncaught.ts";
import { watchHeap } from "../launch/heap_watch.ts";
import { writeAll } from "../launch/write_all.ts";
import {
  acceptMemory,
  handOver,
  isAwaited,
  isWaiting,
  ownsSomething,
  whenJoined,
} from "../memory/grant.ts";
import { after } from "../wait.ts";
import { decode } from "../wire/decode.ts";

/** What a Worker's global scope has that a program's has not. */
const scope = globalThis as unknown as {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  close?: () => void;
};
/** As they are before a user can put others in their place. */
const { postMessage, close } = scope;
const exit = Deno.exit;

/** One word: whether this Worker may run threads; see `START`. */
let start: Int32Array;
/** The thread that has begun last. */
let thread: ThreadPlan | null = null;
/** Ends the wait at the gate. */
let wake: (() => void) | null = null;

/**
 * Listens for threads to run; `early` has come already. The second argument is
 * there to make modules part of the Worker's graph.
 */
export function boot(
  loader: Loader,
  _graph: unknown,
  early: unknown[] = [],
): void {
  loadBy(loader);
  const take = (data: unknown): boolean => {
    const message = unwrap<ToWorker>(data);
    if (message === null) return false;
    receive(message);
    return true;
  };
  globalThis.addEventListener("message", (event) => {
    if (take((event as MessageEvent).data)) event.stopImmediatePropagation();
  });
  globalThis.addEventListener("unload", () =>
    leave({
      how: `left by Deno.exit(${Deno.exitCode || ""})`,
      exitcode: Deno.exitCode,
    }));
  scope.close = () => {
    leave({ how: "left by close()", exitcode: null });
    endWorker();
  };
  onUncaught((error, event) => {
    event.preventDefault();
    leave({ report: reportOf(error) });
    exit(1);
  });
  countLeftovers();
  for (const data of early) take(data);
}

/** Ends it without asking its listeners, where the runtime can do that. */
function endWorker(): void {
  if (close) close.call(globalThis);
  else exit();
}

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  postMessage.call(globalThis, wrap(message), transfer);
}

function receive(message: ToWorker): void {
  switch (message.is) {
    case "boot":
      start = new Int32Array(message.start);
      acceptMemory(message.memory);
      whenJoined((owner) => post({ is: "joined", owner }));
      become(decode(message.identity) as Identity);
      if (self().parent !== null) hideStdin();
      shareCounts(message.counts);
      shareRoster(message.roster);
      if (message.asks) {
        linkToHub((id, ask) => post({ is: "ask", id, ask }));
      }
      if (message.limited) {
        watchHeap(() => {
          leave(outOfMemory(thread!));
          exit(1);
        });
      }
      post({ is: "ready" });
      break;
    case "run":
      if (!mayRun()) break;
      Object.assign(settings, message.log);
      useStartSettings(message.starts);
      run(message.plan);
      break;
    case "wake":
      wake?.();
      break;
    case "stop":
      post({ is: "stopped", owns: ownsSomething() });
      // At once: nothing of the thread is to run when its end is known.
      endWorker();
      break;
    case "answer":
      takeAnswer(message.to, message.answer);
  }
}

/** Whether this Worker has not been ended before its first thread. */
function mayRun(): boolean {
  const { LOADS, BEGUN, REFUSED } = START;
  return Atomics.compareExchange(start, 0, LOADS, BEGUN) !== REFUSED;
}

/** Whether its thread was terminated: what it does then is of no interest. */
function isRefused(): boolean {
  return Atomics.load(start, 0) === START.REFUSED;
}

/** Runs one thread. */
async function run(plan: ThreadPlan): Promise<void> {
  thread = plan;
  beginThread();
  becomeThread(plan);
  beginLeftovers();
  if (plan.gate !== null && !await pass(plan.gate)) {
    const error = new CancelledError(
      `${plan.name} was cancelled before its time had come`,
    );
    return done(encodeError(Report.ERROR, error));
  }
  const result = await runCall(plan.job, () => {
    beginLeftovers();
    log(LEVELS.INFO, `${plan.name} calling its target`);
  });
  if (isRefused()) return; // the message that ends this Worker comes, too
  await othersEnded();
  done("report" in result ? result.report : reportOf(result.error));
}

function done(report: Uint8Array<ArrayBuffer>): void {
  handOver();
  // An end of a pipe that it has not closed is let go of with the Worker, and so is
  // a lock that it has; what waits in it would take what the next thread waits for.
  const reusable = !hasLeftovers() && !isAwaited() && !isWaiting();
  const owns = ownsSomething();
  post({ is: "done", report, reusable, owns }, [report.buffer]);
  // What listens for the end of its thread hears of it.
  if (!reusable) exit();
}

/** Prints the error, unless it was terminated or its maker does, and gives its report. */
function reportOf(error: unknown): Uint8Array<ArrayBuffer> {
  const { name, quiet } = thread!;
  if (!quiet && !isRefused()) {
    const text = `Exception in thread ${name}:\n${textOf(error)}\n`;
    writeAll(Deno.stderr, new TextEncoder().encode(text));
  }
  return encodeError(Report.ERROR, error);
}

/** This Worker is about to end by itself. */
function leave(end: ThreadEnd): void {
  const owns = ownsSomething();
  post({ is: "left", ident: thread?.ident ?? 0, end, owns });
}

/** Waits until the thread may begin; `false`: it was cancelled. */
async function pass({ ms, word }: Gate): Promise<boolean> {
  const state = new Int32Array(word);
  if (Atomics.load(state, 0) === GATE.CANCELLED) return false;
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = after(ms, resolve);
  wake = () => {
    if (Atomics.load(state, 0) !== GATE.WAITS) resolve();
  };
  await promise;
  wake = null;
  cancel();
  return Atomics.compareExchange(state, 0, GATE.WAITS, GATE.BEGUN) ===
    GATE.WAITS;
}
