/** What a worker of a pool runs in: a process, or a thread. */

import type { ChildSettings } from "../launch/child.ts";
import { encodeJob } from "../launch/job.ts";
import type { FunctionReference } from "../launch/function_reference.ts";
import { childIdentity, nextPath } from "../launch/identity.ts";
import { howEnded, withWords } from "../launch/last_words.ts";
import { ownModule } from "../launch/own_modules.ts";
import { permissionFlags } from "../launch/permissions.ts";
import { canShareMemory } from "../launch/shares_memory.ts";
import { startChild } from "../launch/start_child.ts";
import { checkThread, startThread } from "../launch/start_thread.ts";
import { after, type Holdable } from "../wait.ts";
import type { Link } from "./link.ts";
import { ServedLink } from "./served_link.ts";
import type { Setup } from "./setup.ts";

/** What carries a worker. */
export interface Carrier extends Holdable {
  readonly name: string;
  /** The process's id; or the thread's ident. */
  readonly ident: number;
  /** What error there is to tell of its end. */
  readonly lost: Lost;
  /** Resolved when it has ended, and all that it said was read. */
  readonly ended: Promise<unknown>;
  /** Ends it, soon. */
  terminate(): void;
  /** Ends it at once, if that is possible. */
  kill(): void;
}

/** How a worker has ended. */
export interface Lost {
  readonly pid: number | null;
  readonly exitcode: number | null;
  /** What has happened to it, for a sentence. */
  readonly how: string;
  /** The last lines that it wrote to stderr, if any. */
  readonly words: string;
  /** What it has thrown, if that is known. */
  readonly cause?: unknown;
}

/**
 * What to add to a message of what it said itself, if it did; when it had done so many
 * tasks, it may have done so in one of these.
 */
export function whyLost({ words, cause }: Lost, done = 0): string {
  return words === "" && cause instanceof Error
    ? `: ${cause.name}: ${cause.message}`
    : done === 0
    ? withWords(words)
    : withWords(words, "the last that it wrote, maybe in an earlier task");
}

/** How workers are run: what a kind of carrier does not have, it ignores. */
export interface CarrierSettings extends ChildSettings {
  readonly maxHeapMb?: number;
}

/** How a worker is started. */
export interface CarrierOptions {
  readonly setup: Setup;
  readonly settings: CarrierSettings;
  /** The modules that its tasks may need. */
  readonly modules: readonly string[];
  /** Whether it cannot look at this process's memory. */
  readonly isServed: boolean;
  /** Whether all that its tasks leave behind is to be gone with it. */
  readonly fresh: boolean;
}

/** Starts a worker at a link. */
export type StartCarrier = (link: Link, options: CarrierOptions) => Carrier;

/** A kind of carriers. */
export interface Carriers {
  readonly start: StartCarrier;
  /** Throws where none can have these permissions. */
  check(settings: CarrierSettings): void;
  /** Whether those that are run in that way cannot look at this process's memory. */
  areServed(settings: CarrierSettings): boolean;
}

/** After so long one that was to end is killed (ms). */
const GRACE_MS = 1000;

/** The URLs of what a worker runs; they are never imported by its owner. */
const ENTRY = ownModule("entry/pool");
const SERVED_ENTRY = ownModule("entry/served_pool");

function jobOf(link: Link, { setup, modules, isServed }: CarrierOptions) {
  const target: FunctionReference = {
    name: "serve",
    source: null,
    modules: [isServed ? SERVED_ENTRY : ENTRY, ...modules],
    explicit: true,
  };
  const end = isServed ? new ServedLink(link, null) : link;
  return encodeJob({ target, args: [end, setup], kwargs: null });
}

/** Workers that are processes. */
export const PROCESSES: Carriers = {
  start: startProcessWorker,
  check: flagsOf,
  areServed: (settings) => !canShareMemory(flagsOf(settings)),
};

/** Workers that are threads of this process. */
export const THREADS: Carriers = {
  start: startThreadWorker,
  check: ({ permissions, maxHeapMb }) =>
    checkThread(permissions ?? "inherit", maxHeapMb ?? null),
  areServed: () => false,
};

function flagsOf({ permissions }: CarrierSettings): string[] {
  return permissionFlags(permissions ?? "inherit", []);
}

function startProcessWorker(link: Link, options: CarrierOptions): Carrier {
  const { settings } = options;
  const path = nextPath();
  const name = `PoolWorker-${path.join(":")}`;
  const { maxHeapMb } = settings;
  const v8Flags = settings.v8Flags ?? [];
  const child = startChild({
    ...settings,
    identity: childIdentity(name, path, true),
    job: jobOf(link, options),
    v8Flags: maxHeapMb === undefined
      ? v8Flags
      : [...v8Flags, `--max-old-space-size=${maxHeapMb}`],
  });
  return {
    name,
    get ident() {
      return child.pid ?? 0;
    },
    ended: child.ended,
    get lost() {
      const { pid, exitcode, outcome } = child;
      const how = exitcode === null ? "was given up" : howEnded(exitcode);
      const lost = { pid, exitcode, how, words: child.lastWords };
      return outcome?.ok === false
        ? { ...lost, cause: errorOf(() => outcome.take()) }
        : lost;
    },
    terminate() {
      child.kill("SIGTERM");
      const cancel = after(GRACE_MS, () => child.kill("SIGKILL"));
      child.ended.then(cancel);
    },
    kill: () => child.kill("SIGKILL"),
    hold: () => child.hold(),
    release: () => child.release(),
  };
}

let threads = 0;

function startThreadWorker(link: Link, options: CarrierOptions): Carrier {
  const { settings } = options;
  const name = `PoolThread-${++threads}`;
  const thread = startThread({
    name,
    daemon: true,
    job: jobOf(link, options),
    permissions: settings.permissions ?? "inherit",
    maxHeapMb: settings.maxHeapMb ?? null,
    fresh: options.fresh,
    quiet: true,
    gate: null,
  });
  return {
    name,
    ident: thread.ident,
    ended: thread.ended,
    get lost() {
      const { lost, outcome } = thread;
      const { how, exitcode } = lost ?? { how: "has ended", exitcode: null };
      const told = { pid: Deno.pid, exitcode, how, words: "" };
      return outcome?.ok === false
        ? { ...told, cause: errorOf(() => outcome.take()) }
        : told;
    },
    terminate: () => thread.terminate(),
    kill: () => thread.terminate(),
    hold: () => thread.hold(),
    release: () => thread.release(),
  };
}

function errorOf(take: () => unknown): unknown {
  try {
    return take();
  } catch (error) {
    return error;
  }
}
