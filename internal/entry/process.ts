/** What a child process runs; it is reached by its URL, and imported by nobody. */

import { UnknownClassError } from "../wire/classes.ts";
import {
  type Call,
  type Changes,
  readBootMessage,
  Report,
  type SpareSettings,
} from "../launch/boot.ts";
import { children } from "../launch/child.ts";
import { drive } from "../launch/drive.ts";
import {
  findFunction,
  type FoundFunction,
  type Loader,
} from "../launch/find_function.ts";
import { become, self, whileLoading } from "../launch/identity.ts";
import { askKernel, dieWithParent } from "../launch/life_line.ts";
import { LEVELS, log, settings } from "../launch/log.ts";
import { Reporter } from "../launch/reporter.ts";
import { acceptMemory } from "../memory/grant.ts";
import { libc } from "../memory/libc.ts";
import { decode } from "../wire/decode.ts";
import { encode } from "../wire/encode.ts";
import { takeOut } from "../wire/parcels.ts";

/**
 * Reads the boot message, runs its target, reports what came of it, and exits.
 * The second argument is there to make modules part of the program's graph.
 */
export async function boot(
  loader: Loader,
  _graph: unknown,
  spare?: SpareSettings,
): Promise<never> {
  if (spare) await prepare(spare, loader);
  const message = readBootMessage();
  const { key, identity, changes } = message;
  const job = message.job as Call;
  become(identity);
  Object.assign(settings, message.log);
  const reporter = new Reporter(key, message.memory?.parent ?? 0, Deno.stderr);
  acceptMemory(message.memory);
  if (changes) catchUp(changes);
  dieWithParent(identity.parent!.pid);

  let found: FoundFunction | undefined;
  try {
    const { call, args } = await whileLoading(async () => {
      found = await findFunction(job.target, loader);
      return { call: found.call, args: await decodeArgs(job, loader) };
    });
    log(LEVELS.INFO, "child process calling its target");
    reporter.send(Report.VALUE, await drive(call(...args)));
  } catch (thrown) {
    const error = found ? found.explain(thrown) : thrown;
    // First the text: a parent that ends on the report has passed it on by then.
    reporter.print(`${inspect(error)}\n`);
    reporter.sendError(Report.ERROR, error);
    return await exit(1);
  }
  return await exit(0);
}

/** What a spare does before it waits. */
async function prepare(
  { parentPid, preload }: SpareSettings,
  loader: Loader,
): Promise<void> {
  // Where only stdin tells of the parent's death, nothing may run that does not
  // come back to reading it.
  if (askKernel(parentPid)) {
    await whileLoading(() =>
      // Whoever needs a module that cannot be loaded finds out.
      Promise.allSettled(preload.map((specifier) => loader.module(specifier)))
    );
  }
  // What runs for the first time is compiled for the first time: better now.
  decode(encode({ warm: ["up", 1, null, new Uint8Array(1), new Map()] }));
}

function catchUp({ cwd, env, unset }: Changes): void {
  if (cwd !== null) Deno.chdir(cwd);
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  for (const name of unset) Deno.env.delete(name);
}

/** Ends this process when its children that are no daemons have ended. */
async function exit(code: number): Promise<never> {
  await Promise.all(
    [...children].filter((child) => !child.daemon).map((child) => child.ended),
  );
  log(LEVELS.INFO, `process exiting with exitcode ${code}`);
  leave(code);
}

/**
 * Exits as `Deno.exit` does, but leaves it to the kernel to take the runtime
 * apart, which saves half a millisecond.
 */
function leave(code: number): never {
  const c = libc();
  if (c !== null) {
    globalThis.dispatchEvent(new Event("unload"));
    c._exit(code);
  }
  Deno.exit(code);
}

/**
 * The arguments may need a class that only the main module registers, or one of
 * ours that no module here has asked for.
 */
async function decodeArgs(
  { args, kwargs, pins }: Call,
  loader: Loader,
): Promise<unknown[]> {
  const decodeAll = () => {
    const all = [
      ...decode(args) as unknown[],
      ...(kwargs === null ? [] : [decode(kwargs)]),
    ];
    takeOut(pins);
    return all;
  };
  for (let loaded = 0;; loaded++) {
    try {
      return decodeAll();
    } catch (error) {
      if (!(error instanceof UnknownClassError) || loaded === 2) throw error;
      const isOurs = error.kind === "object";
      await (isOurs ? import("../travel/all.ts") : loader.module(
        self().mainModule,
      )).catch(() => {
        throw error;
      });
    }
  }
}

/** A text of the error, also where it has a way of its own to make one. */
function inspect(error: unknown): string {
  try {
    return Deno.inspect(error);
  } catch {
    return error instanceof Error ? `${error.stack}` : typeof error;
  }
}
