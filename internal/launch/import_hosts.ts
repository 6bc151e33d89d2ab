/** The hosts from which a child may import: never others than this thread may. */

import { isGranted } from "./granted.ts";
import { runtimeFlags } from "./runtime_flags.ts";

/** Those from which every program may, as Deno has it, if it is given no others. */
export const DEFAULT_HOSTS: readonly string[] = [
  "deno.land:443",
  "jsr.io:443",
  "esm.sh:443",
  "raw.esm.sh:443",
  "cdn.jsdelivr.net:443",
  "raw.githubusercontent.com:443",
  "gist.githubusercontent.com:443",
];

/**
 * Those that this thread has been given, as far as that is known: the runtime only
 * answers for one at a time, so they are those of the command line for which it does.
 */
export function givenHosts(): string[] {
  return runtimeFlags().importHosts.filter((host) =>
    isGranted("import", exampleOf(host))
  );
}

/** For what stands for several, the runtime answers only if it is one of them. */
function exampleOf(host: string): string {
  return host.replace(/^\*\./, "any.").replace(/\/\d+$/, "");
}

/**
 * The hosts to be given to a child that is to have these, and must load those
 * modules to begin at all; `null`: none, it has Deno's own. Who is given any has only
 * these, so Deno's own are among them, those that this thread has.
 */
export function hostsFor(
  hosts: readonly string[],
  modules: readonly string[],
): string[] | null {
  const own = DEFAULT_HOSTS.filter((host) => isGranted("import", host));
  const needed = modules.filter((url) => /^https?:/.test(url)).map((url) => {
    const { protocol, host, port } = new URL(url);
    return port === "" ? `${host}:${protocol === "http:" ? 80 : 443}` : host;
  });
  const all = new Set([...own, ...needed, ...hosts]);
  return all.size === own.length && own.length === DEFAULT_HOSTS.length
    ? null
    : [...all];
}
