/** What this thread may do. */

/** The names of all permissions. */
export const NAMES = [
  "read",
  "write",
  "net",
  "env",
  "sys",
  "run",
  "ffi",
  "import",
] as const;

/** One of them. */
export type Name = typeof NAMES[number];

/** What a single entry of a list is called in a query. */
export const DETAIL = {
  read: "path",
  write: "path",
  net: "host",
  env: "variable",
  sys: "kind",
  run: "command",
  ffi: "path",
  import: "host",
} as const;

function query(name: Name, detail?: string): Deno.PermissionStatus {
  return Deno.permissions.querySync(
    (detail === undefined
      ? { name }
      : { name, [DETAIL[name]]: detail }) as Deno.PermissionDescriptor,
  );
}

/** Whether this process has all of a permission, with nothing denied. */
export function isWhole(name: Name): boolean {
  const status = query(name);
  return status.state === "granted" && !status.partial;
}

/** Whether this process has this of a permission, with nothing of it denied. */
export function isGranted(name: Name, detail: string): boolean {
  const status = query(name, detail);
  return status.state === "granted" && !status.partial;
}

/** What this thread may do now, as a text to compare. */
export function permissionStates(): string {
  return NAMES.map((name) => {
    const { state, partial } = query(name);
    return `${name}:${state}${partial ? ", in part" : ""}`;
  }).join();
}

/** Whether this process has every permission there is. */
export function hasAllPermissions(): boolean {
  return NAMES.every(isWhole);
}

/** Whether it may start another Deno. */
export function mayRun(): boolean {
  return isWhole("run") || query("run", Deno.execPath()).state === "granted";
}

/** Refuses to start a process where that is not permitted. */
export function checkMayRun(): void {
  if (mayRun()) return;
  throw new Deno.errors.NotCapable(
    `Cannot start a process without run permission: run this program again with --allow-run, or with --allow-run=${Deno.execPath()}`,
  );
}
