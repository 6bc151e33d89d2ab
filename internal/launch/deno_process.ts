/** Runs Deno for a child. */

import { frozenArgs, isFrozen } from "../frozen.ts";
import { bootModule, replayModule, type SpareSettings } from "./boot.ts";
import { checkMayRun } from "./granted.ts";
import { runtimeFlags } from "./runtime_flags.ts";
import { spawnFailure } from "./spawn_failure.ts";

/** What decides how a child's Deno is run; a spare has been run already. */
export interface Launch {
  /** The flags of its permissions. */
  readonly permissions: readonly string[];
  /** Whether these are simply those of this process. */
  readonly inherits: boolean;
  /** The modules that may export its target. */
  readonly modules: readonly string[];
  readonly v8Flags: readonly string[];
  /** Environment variables that are added to those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Its working directory; `undefined`: this process's. */
  readonly cwd: string | URL | undefined;
  readonly stdout: "inherit" | "null" | "piped";
  /** The main module, where that is to run again. */
  readonly replay: string | null;
}

/** Runs it. What it is to do is told on its stdin; it answers on stderr. */
export function runDeno(
  launch: Launch,
  spare?: SpareSettings,
): Deno.ChildProcess {
  checkMayRun();
  const { cwd, env, stdout } = launch;
  const { passed, coverage } = runtimeFlags();
  const command = new Deno.Command(Deno.execPath(), {
    args: isFrozen() ? argsOfFrozen(launch) : argsOfRun(launch, passed, spare),
    stdin: "piped",
    stdout,
    stderr: "piped",
    // As a variable, its own children and their like have it, too.
    env: { ...coverage !== null && { DENO_COVERAGE_DIR: coverage }, ...env },
    ...(cwd !== undefined && { cwd }),
  });
  try {
    return command.spawn();
  } catch (error) {
    throw spawnFailure(
      error,
      "Cannot start a process",
      launch,
      'send it as one of "args", or write it to a file',
    ) ?? error;
  }
}

/**
 * Room for what is new, from the start: by default the engine begins with 1 MB,
 * and collects garbage twice until a child has loaded this package.
 */
const ROOM = "--min-semi-space-size=4";
const ENGINE = "--v8-flags=";

/** All flags of the engine as one: Deno 2.8 takes no second. Of two, the last holds. */
function engineFlag(inherited: readonly string[], own: readonly string[]) {
  const flags = inherited.flatMap((flag) =>
    flag.slice(ENGINE.length).split(",")
  ).filter((flag) => flag !== ROOM);
  return ENGINE + [ROOM, ...flags, ...own].join(",");
}

const DENY = "--deny-import";

/**
 * As one, for the same reason. Without hosts it takes away what was allowed, and a
 * child is allowed none then: only with hosts it denies those that all may have.
 */
function denyOnce(flags: readonly string[]): readonly string[] {
  const denials = flags.filter((flag) => flag.split("=")[0] === DENY);
  if (denials.length < 2) return flags;
  const hosts = denials.map((flag) => flag.slice(DENY.length + 1))
    .filter((host) => host !== "");
  return [
    ...flags.filter((flag) => !denials.includes(flag)),
    hosts.length > 0 ? `${DENY}=${hosts}` : DENY,
  ];
}

function argsOfRun(
  launch: Launch,
  flags: readonly string[],
  spare: SpareSettings | undefined,
): string[] {
  const { v8Flags, replay } = launch;
  const isEngines = (flag: string) => flag.startsWith(ENGINE);
  return [
    "run",
    "--quiet",
    "--no-prompt",
    engineFlag(flags.filter(isEngines), v8Flags),
    ...denyOnce([
      ...flags.filter((flag) => !isEngines(flag)),
      ...launch.permissions,
    ]),
    ...(replay === null
      ? [bootModule(launch.modules, spare)]
      : [`--preload=${replayModule()}`, replay]),
    ...Deno.args,
  ];
}

function argsOfFrozen({ v8Flags, replay, inherits }: Launch): string[] {
  const what = replay !== null
    ? "fork()"
    : v8Flags.length > 0
    ? '"v8Flags"'
    : !inherits
    ? '"permissions"'
    : null;
  if (what !== null) {
    throw new Deno.errors.NotSupported(
      `Cannot use ${what} in a compiled program: its children are the program itself, with what was given to "deno compile"`,
    );
  }
  return frozenArgs();
}
