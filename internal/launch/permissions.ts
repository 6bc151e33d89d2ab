/** The permissions that a child starts with: never more than its parent's. */

import { absolutePath, filePath } from "./file_url.ts";
import {
  DETAIL,
  hasAllPermissions,
  isGranted,
  isWhole,
  type Name,
  NAMES,
} from "./granted.ts";
import { DEFAULT_HOSTS, givenHosts, hostsFor } from "./import_hosts.ts";

/** What one may ask for: as for a Worker. */
export type Permissions = "inherit" | "none" | Deno.PermissionOptionsObject;

/** The flags for a child's `deno run`; `modules` are those that it must load. */
export function permissionFlags(
  permissions: Permissions,
  modules: readonly string[],
): string[] {
  if (permissions === "inherit" && hasAllPermissions()) return ["-A"];
  const asked = checkPermissions(permissions);
  const flags: string[] = [];
  for (const name of NAMES) {
    if (name === "import") continue;
    const granted = grant(name, asked[name]);
    if (granted === true) flags.push(`--allow-${name}`);
    else if (granted.length > 0) flags.push(listFlag(name, granted));
  }
  const granted = grant("import", asked.import);
  if (granted === true) return [...flags, "--allow-import"];
  const hosts = hostsFor(granted, modules);
  if (hosts === null) return flags;
  if (hosts.length > 0) return [...flags, listFlag("import", hosts)];
  return [...flags, `--deny-import=${DEFAULT_HOSTS}`];
}

/** The permissions of a Worker: as asked for, and no more than are here. */
export function workerPermissions(
  permissions: Permissions,
): "inherit" | "none" | Deno.PermissionOptionsObject {
  if (permissions === "inherit" || permissions === "none") return permissions;
  const asked = checkPermissions(permissions);
  return Object.fromEntries(
    Object.entries(asked).map(([name, value]) => [
      name,
      value === "inherit" ? value : grant(name as Name, value),
    ]),
  );
}

/** What is asked for of a permission. */
type Asked = boolean | "inherit" | readonly (string | URL)[];

/**
 * Checks what one asks for, and gives it; whether it is there is looked at when it is
 * used.
 */
export function checkPermissions(
  permissions: unknown,
): Partial<Record<Name, Asked>> {
  if (permissions === "none") return {};
  if (permissions === "inherit") {
    return Object.fromEntries(NAMES.map((name) => [name, "inherit"]));
  }
  if (typeof permissions !== "object" || permissions === null) {
    throw new TypeError(
      `Cannot use "permissions" as it must be "inherit", "none" or an object: current value is ${
        Deno.inspect(permissions)
      }`,
    );
  }
  for (const [name, value] of Object.entries(permissions)) {
    if (!(NAMES as readonly string[]).includes(name)) {
      throw new TypeError(
        `Cannot use "permissions" as there is no permission "${name}": there are ${
          NAMES.join(", ")
        }`,
      );
    }
    checkAsked(name, value);
  }
  return permissions;
}

function checkAsked(name: string, asked: unknown): void {
  if (asked === undefined || asked === "inherit") return;
  if (typeof asked === "boolean") return;
  if (!Array.isArray(asked)) {
    throw new TypeError(
      `Cannot use permissions.${name} as it must be a boolean, "inherit" or a list: current value is ${
        Deno.inspect(asked)
      }`,
    );
  }
  for (const entry of asked) {
    if (typeof entry === "string" || entry instanceof URL) continue;
    throw new TypeError(
      `Cannot use permissions.${name} as its entries must be strings or URLs: current value is ${
        Deno.inspect(entry)
      }`,
    );
  }
}

/** All of a permission, or the part of it that is asked for and there. */
function grant(name: Name, asked: Asked | undefined): true | string[] {
  if (asked === undefined || asked === false) return [];
  if (asked === "inherit") {
    if (isWhole(name)) return true;
    // What this process has of others in part cannot be listed.
    return name === "import" ? givenHosts() : [];
  }
  if (asked === true) {
    if (isWhole(name)) return true;
    throw notCapable(`--allow-${name}`);
  }
  return asked.map((entry) => {
    const detail = detailOf(name, entry);
    // The runtime answers for a variable of that name, not for those that match.
    const isPattern = name === "env" && detail.includes("*");
    if (isPattern ? isWhole(name) : isGranted(name, detail)) return detail;
    throw notCapable(listFlag(name, [detail]));
  });
}

/** An entry of a list as both processes read it, which may be in other folders. */
function detailOf(name: Name, entry: string | URL): string {
  const text = entry instanceof URL && entry.protocol === "file:"
    ? filePath(entry)
    : String(entry);
  const isPath = DETAIL[name] === "path" ||
    name === "run" && /[\\/]/.test(text); // other commands are on PATH
  return isPath && text !== "" ? absolutePath(text) : text;
}

function listFlag(name: Name, entries: readonly string[]): string {
  const odd = entries.find((entry) => entry === "" || entry.includes(","));
  if (odd !== undefined) {
    throw new TypeError(
      `Cannot use permissions.${name} as the runtime takes no entry that is empty or has a comma: current value is ${
        Deno.inspect(odd)
      }`,
    );
  }
  return `--allow-${name}=${entries.join(",")}`;
}

function notCapable(flag: string): Deno.errors.NotCapable {
  return new Deno.errors.NotCapable(
    `Cannot start a process with more permissions than this one has: ${flag} is not granted here`,
  );
}
