/** What a manager's process may do: what its address takes, too. */

import { isGranted, isWhole } from "../launch/granted.ts";
import type { Permissions } from "../launch/permissions.ts";
import { type Address, nameOf } from "../pipe/address.ts";

/**
 * What this process has whole, as any child; and where it has some of the rest, that
 * which a server there needs. Beside a socket's path it makes another name first.
 */
export function serverPermissions(addresses: readonly Address[]): Permissions {
  const hosts = addresses.filter((one) => typeof one !== "string").map(nameOf);
  const paths = addresses.filter((one) => typeof one === "string")
    .filter((path) => !path.startsWith("\0"))
    .flatMap((path) => [folderOf(path), path]);
  const read = partOf("read", paths);
  const write = partOf("write", paths);
  const net = partOf("net", hosts);
  if (read === null && write === null && net === null) return "inherit";
  const rest = ["env", "sys", "run", "ffi", "import"] as const;
  return {
    ...Object.fromEntries(rest.map((name) => [name, "inherit"])),
    read: read ?? "inherit",
    write: write ?? "inherit",
    net: net ?? "inherit",
  };
}

/** What this process has of these, where it has not the whole. */
function partOf(
  name: "read" | "write" | "net",
  wanted: readonly string[],
): string[] | null {
  if (isWhole(name)) return null;
  const granted = wanted.filter((one) => isGranted(name, one));
  return granted.length > 0 ? granted : null;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1) || ".";
}
