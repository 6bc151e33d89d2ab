/** The flags with which this program was run, as far as its children need them. */

import { isFrozen } from "../frozen.ts";
import { hasAllPermissions, mayRun } from "./granted.ts";
import { self } from "./identity.ts";
import { filePath, fileUrl } from "./file_url.ts";
import { ownModule } from "./own_modules.ts";
import { readFlags, type RuntimeFlags } from "./read_flags.ts";

/** What paths on the command line are relative to: users may leave it later. */
const CWD = Deno.cwd();

/** Who looks may be killed, as memory runs out. */
const TRIES = 2;

const NONE: RuntimeFlags = { passed: [], coverage: null, importHosts: [] };
let flags: RuntimeFlags | null = isFrozen() ? NONE : null;

/** These flags; they are the same as long as the program runs. */
export function runtimeFlags(): RuntimeFlags {
  if (flags !== null) return flags;
  const program: Program = {
    pid: Deno.pid,
    ownArgs: Deno.args.length,
    cwd: CWD,
    mainModule: self().mainModule,
  };
  if (hasAllPermissions()) return flags = flagsOf(program);
  for (let i = 0; i < TRIES && flags === null; i++) flags = askOther(program);
  return flags ?? { ...NONE, passed: configFlags(program) };
}

/** What must be known of a program to find its flags. */
export interface Program {
  readonly pid: number;
  /** How many of its arguments are the user's own. */
  readonly ownArgs: number;
  readonly cwd: string;
  readonly mainModule: string;
}

/**
 * No API tells the flags of a program. Linux does, and Deno lets those read it
 * who have all permissions. Elsewhere only the config file is looked for.
 */
export function flagsOf(program: Program): RuntimeFlags {
  const flags = readFlags(commandLine(program), program.cwd);
  const { passed } = flags;
  if (passed.some((flag) => /^--(no-)?config\b/.test(flag))) return flags;
  return { ...flags, passed: [...passed, ...configFlags(program)] };
}

/**
 * Who may start Deno can have another one look. It costs a program with fewer
 * permissions some 15 ms at its first start of a process. `null`: that failed.
 */
function askOther(program: Program): RuntimeFlags | null {
  if (!mayRun()) return null;
  const code =
    `import{flagsOf}from${JSON.stringify(ownModule("launch/runtime_flags"))};` +
    `console.log(JSON.stringify(flagsOf(${JSON.stringify(program)})));`;
  const { success, stdout } = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-lock",
      "-A",
      `data:application/javascript,${encodeURIComponent(code)}`,
    ],
    stdin: "null",
    stderr: "null",
  }).outputSync();
  return success ? JSON.parse(new TextDecoder().decode(stdout)) : null;
}

function commandLine({ pid, ownArgs }: Program): string[] {
  if (Deno.build.os !== "linux") return [];
  const line = Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
  line.pop(); // each ends with a NUL
  return line.slice(1, line.length - ownArgs);
}

/**
 * The config file that Deno found for this program, from its main module's
 * folder upwards. A child, whose main module lies nowhere, finds none by itself.
 */
function configFlags({ mainModule, cwd }: Program): string[] {
  const isMadeUp = mainModule.includes("$deno$"); // by `deno eval` and the like
  if (!isMadeUp && !mainModule.startsWith("file:")) return [];
  const start = isMadeUp ? fileUrl(`${cwd}/`) : new URL(".", mainModule);
  let hasPackage = false;
  for (let folder = start;; folder = new URL("..", folder)) {
    for (const name of ["deno.json", "deno.jsonc"]) {
      const file = new URL(name, folder);
      if (isFile(file)) return [`--config=${filePath(file)}`];
    }
    hasPackage ||= isFile(new URL("package.json", folder));
    if (folder.pathname === new URL("..", folder).pathname) break;
  }
  // The packages of a project of Node's are in the folders of its modules.
  return hasPackage ? ["--node-modules-dir=manual"] : [];
}

function isFile(file: URL): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}
