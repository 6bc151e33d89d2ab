/** What the standard streams of a program are connected to. */

import { self } from "../launch/identity.ts";
import { PIPE, type PopenOptions, STDOUT } from "./options.ts";

/** What the runtime can connect a stream to. */
type Connection = "piped" | "null" | "inherit";

/** How a program's streams are to be connected. */
export interface Wiring {
  readonly stdin: Connection;
  readonly stdout: Connection;
  readonly stderr: Connection;
  /** Whether its stderr is its stdout. */
  readonly merged: boolean;
  /** The files behind pipes: the runtime hands none over to a program. */
  readonly files: {
    readonly stdin?: Deno.FsFile;
    readonly stdout?: Deno.FsFile;
    readonly stderr?: Deno.FsFile;
  };
}

/** Checks and settles what the streams are connected to. */
export function wiringOf(options: PopenOptions<boolean>): Wiring {
  // A child of ours may have its life line there.
  const { stdin = self().parent === null ? "inherit" : "null" } = options;
  const { stdout = "inherit", stderr = "inherit" } = options;
  check("stdin", stdin, false);
  check("stdout", stdout, false);
  check("stderr", stderr, true);
  // Two ends of one file would take turns in an order of their own.
  const oneFile = stderr instanceof Deno.FsFile && stderr === stdout;
  const merged = stderr === STDOUT || oneFile;
  return {
    stdin: connection(stdin),
    stdout: connection(stdout),
    stderr: merged ? "null" : connection(stderr),
    merged: merged && stdout !== "null",
    files: {
      ...(stdin instanceof Deno.FsFile && { stdin }),
      ...(stdout instanceof Deno.FsFile && { stdout }),
      ...(stderr instanceof Deno.FsFile && !merged && { stderr }),
    },
  };
}

function connection(stdio: unknown): Connection {
  return stdio instanceof Deno.FsFile ? PIPE : stdio as Connection;
}

function check(name: string, stdio: unknown, isStderr: boolean): void {
  if (
    stdio === "piped" || stdio === "null" || stdio === "inherit" ||
    stdio instanceof Deno.FsFile || (isStderr && stdio === STDOUT)
  ) return;
  throw new TypeError(
    `Cannot run a program as "${name}" must be PIPE, DEVNULL, ${
      isStderr ? "STDOUT, " : ""
    }"inherit" or a Deno.FsFile: current value is ${
      Deno.inspect(stdio, { depth: 0 })
    }`,
  );
}
