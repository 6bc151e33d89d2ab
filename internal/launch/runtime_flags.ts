/** The flags with which this program was run, as far as its children need them. */

import { hasAllPermissions } from "./permissions.ts";
import { self } from "./identity.ts";
import { filePath, fileUrl } from "./file_url.ts";

/** Flags that decide how modules are found and run, and take a value. */
const WITH_VALUE = new Set([
  "--config",
  "--import-map",
  "--lock",
  "--cert",
  "--location",
  "--conditions",
]);
/** Those whose value is a path. */
const WITH_PATH = new Set(["--config", "--import-map", "--lock", "--cert"]);
/** The same, with a value after `=` or none. */
const WITHOUT_VALUE = new Set([
  "--no-config",
  "--no-lock",
  "--frozen",
  "--frozen-lockfile",
  "--node-modules-dir",
  "--vendor",
  "--no-remote",
  "--no-npm",
  "--cached-only",
  "--unsafely-ignore-certificate-errors",
  "--v8-flags",
]);

/** What paths on the command line are relative to: users may leave it later. */
const CWD = Deno.cwd();

let flags: string[] | null = null;

/** These flags; they are the same as long as the program runs. */
export function runtimeFlags(): readonly string[] {
  if (flags !== null) return flags;
  flags = selectFlags(commandLine());
  if (!flags.some((flag) => /^--(no-)?config\b/.test(flag))) {
    const config = findConfig();
    if (config !== null) flags.push(`--config=${config}`);
  }
  return flags;
}

/** This program's command line without the user's own arguments. */
function commandLine(): string[] {
  // No API tells it. Linux does, but to programs with all permissions only.
  if (Deno.build.os !== "linux" || !hasAllPermissions()) return [];
  const line = Deno.readTextFileSync("/proc/self/cmdline").split("\0");
  line.pop(); // each ends with a NUL
  return line.slice(1, line.length - Deno.args.length);
}

/** Those of `line` that a child needs, with paths made absolute. */
export function selectFlags(line: readonly string[]): string[] {
  const selected: string[] = [];
  for (let i = 0; i < line.length; i++) {
    const word = line[i] === "-c" ? "--config" : line[i]!;
    const name = word.split("=", 1)[0]!;
    if (WITH_VALUE.has(name)) {
      let value = "";
      if (word.includes("=")) value = word.slice(name.length + 1);
      else if (!line[i + 1]?.startsWith("-")) value = line[++i] ?? "";
      if (value === "") selected.push(name); // only --lock needs none
      else {
        selected.push(
          `${name}=${WITH_PATH.has(name) ? absolute(value) : value}`,
        );
      }
    } else if (WITHOUT_VALUE.has(name) || name.startsWith("--unstable-")) {
      selected.push(word);
    }
  }
  return selected;
}

function absolute(path: string): string {
  if (/^([a-z][a-z0-9+.-]+:|\/|[A-Za-z]:[\\/]|\\)/.test(path)) return path;
  return `${CWD}/${path}`;
}

/**
 * The config file that Deno found for this program. A child would look for it
 * from its own working directory, which may be another one.
 */
function findConfig(): string | null {
  const { mainModule } = self();
  const start = mainModule.startsWith("file:")
    ? new URL(".", mainModule)
    : fileUrl(`${CWD}/`);
  for (let folder = start;; folder = new URL("..", folder)) {
    for (const name of ["deno.json", "deno.jsonc"]) {
      const file = new URL(name, folder);
      try {
        if (Deno.statSync(file).isFile) return filePath(file);
      } catch (error) {
        // Without read permission the child finds it by its working directory.
        if (error instanceof Deno.errors.NotCapable) return null;
      }
    }
    if (folder.pathname === new URL("..", folder).pathname) return null;
  }
}
