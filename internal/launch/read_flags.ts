/** What a command line says that children of its program need. */

/** That. */
export interface RuntimeFlags {
  /** The flags with which a child is run, too. */
  readonly passed: readonly string[];
  /** The folder where the runtime writes which code was run; `null`: it does not. */
  readonly coverage: string | null;
  /** The hosts from which it may import, where they are listed. */
  readonly importHosts: readonly string[];
}

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
  "--deny-import",
]);
/** Where coverage is written if the flag does not say it. */
const COVERAGE = "coverage";

/** Reads the words of a command line; paths are made absolute. */
export function readFlags(line: readonly string[], cwd: string): RuntimeFlags {
  const passed: string[] = [];
  const importHosts: string[] = [];
  let coverage: string | null = null;
  for (let i = 0; i < line.length; i++) {
    const word = line[i]!.replace(/^-c(?==|$)/, "--config")
      .replace(/^-I(?==|$)/, "--allow-import");
    const name = word.split("=", 1)[0]!;
    const given = word.slice(name.length + 1);
    if (WITH_VALUE.has(name)) {
      let value = given;
      if (!word.includes("=") && !line[i + 1]?.startsWith("-")) {
        value = line[++i] ?? "";
      }
      if (value === "") passed.push(name); // only --lock needs none
      else {
        passed.push(
          `${name}=${WITH_PATH.has(name) ? absolute(value, cwd) : value}`,
        );
      }
    } else if (name === "--coverage") {
      coverage = absolute(given || COVERAGE, cwd);
    } else if (name === "--allow-import") {
      importHosts.push(...given.split(",").filter((host) => host !== ""));
    } else if (WITHOUT_VALUE.has(name) || name.startsWith("--unstable-")) {
      passed.push(word);
    }
  }
  return { passed, coverage, importHosts };
}

function absolute(path: string, cwd: string): string {
  if (/^([a-z][a-z0-9+.-]+:|\/|[A-Za-z]:[\\/]|\\)/.test(path)) return path;
  return `${cwd}/${path}`;
}
