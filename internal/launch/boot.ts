/**
 * What a parent tells its child at birth, and how a child reports back.
 *
 * ```text
 *   parent                                      child
 *   1. runs a boot module (a `data:` URL) ->    2. imports the entry, which reads
 *   3. writes its BootMessage to stdin    ->       stdin to the message's end
 *      and leaves stdin open
 *                                         <-    4. frames on stderr: one report,
 *                                                  then GOODBYE
 *   5. dies                               ->    6. ends (life_line.ts)
 * ```
 *
 * Both are bytes of the codec, after their length where the stream goes on: to a
 * child that cannot look at its parent's memory, messages about the parent's
 * objects follow, to and fro (travel/protocol.ts).
 */

import { frozenMessage } from "../frozen.ts";
import type { MemoryGrant } from "../memory/grant.ts";
import { decode } from "../wire/decode.ts";
import { readMessage } from "../wire/read_message.ts";
import type { FunctionReference } from "./function_reference.ts";
import type { Identity } from "./identity.ts";
import type { LogSettings } from "./log.ts";
import { MADE_UP, ownModule } from "./own_modules.ts";
import type { StartSettings } from "./start_method.ts";

/** A function to call. */
export interface Call {
  readonly target: FunctionReference;
  /**
   * The arguments, encoded: they are decoded when the target's modules have
   * been loaded, which may register the classes that are in them.
   */
  readonly args: Uint8Array;
  /** The last argument, where it was given by name; encoded too. */
  readonly kwargs: Uint8Array | null;
  /** What is pinned for as long as these are on their way. */
  readonly pins: readonly number[];
  /** Whether there are objects of this library in them. */
  readonly hasObjects: boolean;
}

/** A main module to run again up to a call of `fork()`. */
export interface Replay {
  /** What the calls before that one have returned. */
  readonly returned: readonly number[];
}

/** What a child is told. */
export interface BootMessage {
  /** With which its frames begin. */
  readonly key: Uint8Array;
  readonly identity: Identity;
  readonly log: LogSettings;
  readonly starts: StartSettings;
  readonly job: Call | Replay;
  /** For a spare: what it could not have at its start. */
  readonly changes: Changes | null;
  /** The memory that it shares; `null`: it cannot, without ffi. */
  readonly memory: MemoryGrant | null;
}

/** What a spare child is told at once; its boot message comes when it is taken. */
export interface SpareSettings {
  readonly parentPid: number;
  /** The modules that it loads in advance. */
  readonly preload: readonly string[];
}

/** What has changed in the parent since a spare was started. */
export interface Changes {
  /** The working directory, where it is another one now. */
  readonly cwd: string | null;
  /** The variables that are new or have other values. */
  readonly env: Readonly<Record<string, string>>;
  /** The variables that are no more. */
  readonly unset: readonly string[];
}

/** The URLs of what children run; they are never imported by a parent. */
const ENTRY = {
  call: ownModule("entry/process"),
  replay: ownModule("entry/fork"),
  thread: ownModule("entry/thread"),
};

/**
 * The module that a child is started with. It awaits the child's work, because
 * the runtime ends a program in which nothing but a listener of signals is left,
 * but for one that still loads.
 *
 * It is a `data:` module, because those may import from anywhere: a remote
 * module, which this library is when it comes from JSR, may not import files.
 * The imports that are written out make the modules a part of its graph, so
 * that a child without read permission may load them.
 */
export function bootModule(
  modules: readonly string[],
  spare?: SpareSettings,
): string {
  return dataModule(
    `import{boot}from${JSON.stringify(ENTRY.call)};` +
      `await boot(${LOADER},${graphOf(modules)},${JSON.stringify(spare)});`,
  );
}

/** The module that a thread's Worker is started with; likewise. */
export function threadModule(modules: readonly string[]): string {
  return dataModule(
    `import{boot}from${JSON.stringify(ENTRY.thread)};` +
      `boot(${LOADER},${graphOf(modules)});`,
  );
}

/**
 * The same where a Worker may import what it likes: then nothing is written out,
 * because `deno test` checks the types of a Worker's graph, which takes seconds.
 * Messages may come before the entry listens. Nothing is awaited at the top: of a
 * Worker that is terminated meanwhile, the runtime leaves two file descriptors open.
 */
export function openThreadModule(): string {
  return dataModule(
    `const early=[],keep=(event)=>{early.push(event.data)},loader=${LOADER};` +
      `addEventListener("message",keep);` +
      `loader.module(${JSON.stringify(ENTRY.thread)}).then(({boot})=>{` +
      `removeEventListener("message",keep);boot(loader,[],early)});`,
  );
}

const LOADER =
  `{module:(s)=>import(s),text:async(s)=>(await import(s,{with:{type:"text"}})).default}`;

/** Imports that are never done. */
function graphOf(modules: readonly string[]): string {
  return `[${modules.map((url) => `()=>import(${JSON.stringify(url)})`)}]`;
}

/** The module that is loaded before a main module which runs again. */
export function replayModule(): string {
  return dataModule(
    `import{boot}from${JSON.stringify(ENTRY.replay)};boot();`,
  );
}

function dataModule(code: string): string {
  return MADE_UP + encodeURIComponent(code);
}

/** The first module of this library that a thread must be able to load. */
export const THREAD_ENTRY = ENTRY.thread;

/** The modules of this library that a child must be able to load. */
export const ENTRIES: readonly string[] = [ENTRY.call, ENTRY.replay];

/** What the parent has written to stdin, or is writing. */
export function readBootMessage(): BootMessage {
  return frozenMessage() ?? decode(readMessage()) as BootMessage;
}
