/** Who this process is in its family, and whether it may start others yet. */

import { frozenMessage } from "../frozen.ts";
import { Count, countUp } from "./counts.ts";

/** What one process knows of itself. */
export interface Identity {
  /** `MainProcess`, `Process-1`, `Process-1:1` … or as the user named it. */
  readonly name: string;
  /** The numbers in its name; empty in the main process. */
  readonly path: readonly number[];
  /** Whether it ends with its parent without being waited for. */
  readonly daemon: boolean;
  /** The key that listeners and managers of this family use by default. */
  readonly authkey: Uint8Array;
  /** The keys of the managers that it has been told of, by their addresses. */
  readonly managers: Map<string, ManagerKey>;
  /** The URL of the module that the user ran. */
  readonly mainModule: string;
  /** The parent, `null` in the main process. */
  readonly parent:
    | { readonly name: string; readonly pid: number; readonly daemon: boolean }
    | null;
}

/** What one must know to connect to a manager. */
export interface ManagerKey {
  readonly authkey: Uint8Array;
  /** For TLS: whom one trusts, and whose certificate it is to be. */
  readonly caCerts: string[] | undefined;
  readonly hostname: string | undefined;
}

let identity: Identity | null = null;
let begun = false;
let loading = 0;
let replaying = false;

/** This process. */
export function self(): Identity {
  return identity ??= frozenMessage<{ identity: Identity }>()?.identity ?? {
    name: "MainProcess",
    path: [],
    daemon: false,
    authkey: crypto.getRandomValues(new Uint8Array(32)),
    managers: new Map(),
    // In a Worker there is none but the Worker's own.
    mainModule: Deno.mainModule ?? globalThis.location.href,
    parent: null,
  };
}

/** What a child of this process is. */
export function childIdentity(
  name: string,
  path: readonly number[],
  daemon: boolean,
): Identity {
  const parent = self();
  return {
    ...parent,
    name,
    path,
    daemon,
    parent: { name: parent.name, pid: Deno.pid, daemon: parent.daemon },
  };
}

/** Called once, first thing in a child. */
export function become(child: Identity): void {
  identity = child;
  begun = true;
}

/** Whether this is a child, or a thread, that does what it was started for. */
export function hasBegun(): boolean {
  return begun;
}

/** The path of this process's next child. */
export function nextPath(): number[] {
  return [...self().path, countUp(Count.PROCESSES)];
}

/** Runs `load`, during which no process may be started. */
export async function whileLoading<T>(load: () => Promise<T>): Promise<T> {
  loading++;
  try {
    return await load();
  } finally {
    loading--;
  }
}

/** Whether this is a child that still loads the modules of its target. */
export function isLoading(): boolean {
  return loading > 0;
}

/** Says whether this is a forked child that still runs up to its `fork()`. */
export function setReplaying(yes: boolean): void {
  replaying = yes;
}

/** Whether it is. */
export function isReplaying(): boolean {
  return replaying;
}
