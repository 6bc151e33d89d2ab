/** What a child process runs; it is reached by its URL, and imported by nobody. */

import {
  type Call,
  type Changes,
  readBootMessage,
  type SpareSettings,
} from "../launch/boot.ts";
import { sayFarewell } from "../launch/farewells.ts";
import { become, whileLoading } from "../launch/identity.ts";
import { askKernel, dieWithParent } from "../launch/life_line.ts";
import { loadBy, type Loader, ownLoader } from "../launch/loader.ts";
import { LEVELS, log, settings } from "../launch/log.ts";
import { othersEnded } from "../launch/others.ts";
import { linkToParent } from "../launch/parent_link.ts";
import { Report } from "../launch/report.ts";
import { Reporter } from "../launch/reporter.ts";
import { runCall, textOf } from "../launch/run_call.ts";
import { useStartSettings } from "../launch/start_method.ts";
import { runtimeInside } from "../runtime_core.ts";
import { acceptMemory } from "../memory/grant.ts";
import { libc } from "../memory/libc.ts";
import { decode } from "../wire/decode.ts";
import { encode } from "../wire/encode.ts";

/**
 * Reads the boot message, runs its target, reports what came of it, and exits.
 * The second argument is there to make modules part of the program's graph.
 */
export async function boot(
  loader: Loader,
  _graph: unknown,
  spare?: SpareSettings,
): Promise<never> {
  loadBy(loader);
  const failures = spare ? await prepare(spare) : [];
  const message = readBootMessage();
  const { key, identity, changes } = message;
  become(identity);
  Object.assign(settings, message.log);
  useStartSettings(message.starts);
  const reporter = new Reporter(key, Deno.stderr);
  if (spare) reporter.announce(Report.TAKEN);
  for (const failure of failures) log(LEVELS.WARNING, failure);
  acceptMemory(message.memory);
  if (changes) catchUp(changes);
  const link = message.memory === null ? linkToParent(reporter) : null;
  dieWithParent(identity.parent!.pid, link?.received);

  const result = await runCall(
    message.job as Call,
    () => log(LEVELS.INFO, "child process calling its target"),
    link?.link,
  );
  if ("report" in result) {
    reporter.send(result.report);
  } else {
    // First the text: a parent that ends on the report has passed it on by then.
    reporter.print(`${textOf(result.error)}\n`);
    reporter.sendError(Report.ERROR, result.error);
    Deno.exitCode = 1;
  }
  await othersEnded();
  await sayFarewell();
  log(LEVELS.INFO, `process exiting with exitcode ${Deno.exitCode}`);
  if ("report" in result) takeLeave();
  exit();
}

/** What a spare does before it waits; returns what has failed of it. */
async function prepare(
  { parentPid, preload }: SpareSettings,
): Promise<string[]> {
  const loader = ownLoader();
  const failures: string[] = [];
  const load = async (specifier: string) => {
    try {
      await loader.module(specifier);
    } catch (error) {
      // Whoever needs it will be told; whoever has asked for it may look here.
      failures.push(`could not load ${specifier} in advance: ${error}`);
    }
  };
  // Where only stdin tells of the parent's death, nothing may run that does not
  // come back to reading it.
  if (askKernel(parentPid)) {
    await whileLoading(() => Promise.all(preload.map(load)));
  }
  // What runs for the first time is compiled for the first time: better now.
  decode(encode({ warm: ["up", 1, null, new Uint8Array(1), new Map()] }));
  return failures;
}

function catchUp({ cwd, env, unset }: Changes): void {
  if (cwd !== null) Deno.chdir(cwd);
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  for (const name of unset) Deno.env.delete(name);
}

/**
 * Tells who listens that the program ends by itself, as the runtime does; those
 * of `node:process`, if that was loaded.
 */
function takeLeave(): void {
  globalThis.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  const node = runtimeInside<{
    dispatchProcessBeforeExitEvent(): void;
    dispatchProcessExitEvent(): void;
  }>();
  node?.dispatchProcessBeforeExitEvent?.();
  node?.dispatchProcessExitEvent?.();
}

/**
 * Exits as `Deno.exit` does, but leaves it to the kernel to take the runtime
 * apart, which saves half a millisecond.
 */
function exit(): never {
  const c = libc();
  if (c !== null && !isCovered()) {
    globalThis.dispatchEvent(new Event("unload"));
    c._exit(Deno.exitCode);
  }
  Deno.exit();
}

/**
 * Whether the runtime may have to write down at its exit which code was run: where
 * it is not permitted to ask, that is not known.
 */
function isCovered(): boolean {
  const variable = "DENO_COVERAGE_DIR";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state !== "granted" || Deno.env.has(variable);
}
