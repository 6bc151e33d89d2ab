/**
 * Spare children: processes that are up, have loaded this library and the
 * modules of `preload`, and wait for their boot message. A start is then a
 * message instead of 10 ms of the runtime's own start.
 *
 * A spare that cannot become what is asked for is passed over, and the start
 * goes the long way.
 */

import { isFrozen } from "../frozen.ts";
import { unref } from "../wait.ts";
import { type Changes, ENTRIES } from "./boot.ts";
import { isUserModule } from "./call_site.ts";
import { type Launch, runDeno } from "./deno_process.ts";
import { self } from "./identity.ts";
import { LEVELS, log } from "./log.ts";
import { isBundled } from "./own_modules.ts";
import { permissionFlags } from "./permissions.ts";
import { startSettings } from "./start_method.ts";

interface Spare {
  readonly process: Deno.ChildProcess;
  readonly permissions: readonly string[];
  readonly modules: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>> | null;
}

/** A spare that was taken, and what it must still be told. */
export interface TakenSpare {
  readonly process: Deno.ChildProcess;
  readonly changes: Changes;
}

/** Variables that a program reads at its start only. */
const START_UP = /^(DENO_|LD_|NO_COLOR$|FORCE_COLOR$|.*_proxy$)/i;
/** A spare that ends by itself so often in a row is not replaced any more. */
const MOST_LOSSES = 3;
const REPLENISH_MS = 20;

const spares: Spare[] = [];
/** Whether what the settings say is done; a child begins with its first start. */
let isKeeping = false;
let wanted = 0;
let preload: readonly string[] = [];
let losses = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Keeps from now on the spares that the settings say, instead of all others. */
export function keepSpares(): void {
  takeOver();
  for (const spare of spares.splice(0)) end(spare);
  replenish();
}

function takeOver(): void {
  const { mainModule } = self();
  const settings = startSettings();
  isKeeping = true;
  // One of a compiled program cannot wait for a message, one of a bundle not begin.
  wanted = isFrozen() || isBundled ? 0 : settings.spares;
  losses = 0;
  preload = [
    ...isUserModule(mainModule) ? [mainModule] : [],
    ...settings.preload,
  ];
}

/** Soon: now they would take processor time from the child that is started. */
function replenishSoon(): void {
  timer ??= setTimeout(replenish, REPLENISH_MS);
  unref(timer);
}

/** A spare that can become that, or `null`; another takes its place soon. */
export function takeSpare(launch: Launch): TakenSpare | null {
  if (!isKeeping) {
    takeOver();
    if (wanted > 0) replenishSoon();
  }
  if (spares.length === 0) return null;
  const now = environment(launch.permissions);
  for (const [index, spare] of spares.entries()) {
    const changes = changesSince(spare, launch, now);
    if (!canBecome(spare, launch, changes)) continue;
    spares.splice(index, 1);
    losses = 0;
    replenishSoon();
    return { process: spare.process, changes };
  }
  return null;
}

/** How many spares wait. */
export function spareCount(): number {
  return spares.length;
}

function replenish(): void {
  clearTimeout(timer);
  timer = undefined;
  try {
    while (spares.length < wanted) spares.push(startSpare());
  } catch (error) {
    // The folder may be gone, or the permission: whoever starts a process by
    // spawn will be told.
    log(LEVELS.WARNING, `a spare process could not be started: ${error}`);
  }
}

function startSpare(): Spare {
  const permissions = permissionFlags("inherit", [...ENTRIES, ...preload]);
  const process = runDeno({
    permissions,
    inherits: true,
    modules: preload,
    v8Flags: [],
    env: {},
    cwd: undefined,
    stdout: "inherit",
    replay: null,
  }, { parentPid: Deno.pid, preload });
  process.unref();
  const spare = {
    process,
    permissions,
    modules: preload,
    cwd: Deno.cwd(),
    env: environment(permissions),
  };
  process.status.then(({ code, signal }) => lost(spare, signal ?? code));
  return spare;
}

/** A spare has ended; one that is a child by now is somebody else's matter. */
function lost(spare: Spare, how: unknown): void {
  const index = spares.indexOf(spare);
  if (index === -1) return;
  spares.splice(index, 1);
  log(LEVELS.WARNING, `a spare process ended while it waited (${how})`);
  spare.process.stderr.cancel().catch(() => {});
  if (++losses < MOST_LOSSES) replenish();
}

function end({ process }: Spare): void {
  process.stdin.close().catch(() => {});
  process.stderr.cancel().catch(() => {});
  try {
    process.kill("SIGKILL"); // it has nothing to save, and may still be loading
  } catch {
    // It has ended already.
  }
}

function canBecome(spare: Spare, launch: Launch, changes: Changes): boolean {
  if (launch.v8Flags.length > 0 || launch.stdout !== "inherit") return false;
  if (launch.cwd !== undefined || launch.replay !== null) return false;
  if (spare.permissions.join() !== launch.permissions.join()) return false;
  if (spare.env !== null) {
    const names = [...Object.keys(changes.env), ...changes.unset];
    return !names.some((name) => START_UP.test(name));
  }
  // One with less may neither load other modules, nor go to another folder, nor
  // change its environment.
  return changes.cwd === null && Object.keys(launch.env).length === 0 &&
    launch.modules.every((url) => spare.modules.includes(url));
}

function changesSince(
  spare: Spare,
  launch: Launch,
  now: Record<string, string> | null,
): Changes {
  const cwd = Deno.cwd();
  const env: Record<string, string> = {};
  const unset: string[] = [];
  if (spare.env !== null && now !== null) {
    const wanted = { ...now, ...launch.env };
    for (const [name, value] of Object.entries(wanted)) {
      if (spare.env[name] !== value) env[name] = value;
    }
    for (const name of Object.keys(spare.env)) {
      if (!(name in wanted)) unset.push(name);
    }
  }
  return { cwd: cwd === spare.cwd ? null : cwd, env, unset };
}

/** The environment, where a spare of these permissions may change its own. */
function environment(
  permissions: readonly string[],
): Record<string, string> | null {
  return permissions.includes("-A") ? Deno.env.toObject() : null;
}
