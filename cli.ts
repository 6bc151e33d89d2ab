/**
 * A command that serves tasks to workers on any machine, works, and shows how far
 * it has come.
 *
 * ```sh
 * export MULTI_PROCESSING_AUTHKEY=$(head -c 32 /dev/urandom | base64)
 * deno run -A jsr:@multi/processing/cli serve
 * deno run -A jsr:@multi/processing/cli work ./tasks.ts
 * deno run -A jsr:@multi/processing/cli status
 * ```
 *
 * A worker calls what the module given to it exports. A program of one's own puts
 * tasks, `{ fn, args }`, and takes results, by a {@linkcode QueueManager}.
 *
 * Each task has one result: a value, or an error. A task whose worker dies, or whose
 * host is gone, is given to somebody else, so often as `retries` says; then its
 * result is a `WorkerLostError`. It may so be done twice, but what comes of it is
 * told once. Tasks are in the server's memory, and end with it; it says how many.
 *
 * `--help` tells all options, `work --help` those of one command. The key is read
 * from a file or the environment, and never from the command line, which others can
 * see. Ctrl-C lets a worker finish what it has begun; the second time it ends at
 * once. Workers wait for a server that is not there, or not there any more.
 *
 * Permissions: `--allow-net`, `--allow-env=MULTI_PROCESSING_AUTHKEY`, `--allow-read`
 * for files that options name; with a unix socket `--allow-read` and `--allow-write`
 * for its path. `work` needs `--allow-read` for the module, and `--allow-run` and
 * `--allow-ffi` or else `--threads`; tasks have all the permissions that it has.
 * `--allow-sys=hostname` is for the worker's name.
 *
 * As a module, it only exports what such programs need, and does nothing.
 *
 * @module
 */

export { QueueManager } from "./internal/cli/protocol.ts";
export type { QueuedTask, TaskResult } from "./internal/cli/protocol.ts";

if (import.meta.main) {
  const { main } = await import("./internal/cli/main.ts");
  Deno.exitCode = await main(Deno.args);
}
