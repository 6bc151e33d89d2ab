/** What the standard streams of a program are connected to. */

import { mustBe } from "../check.ts";
import { self } from "../launch/identity.ts";
import type { Source } from "./pump.ts";
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
  /** What is behind pipes: the runtime hands none over to a program. */
  readonly files: {
    readonly stdin?: Source;
    readonly stdout?: Deno.FsFile;
    readonly stderr?: Deno.FsFile;
  };
}

/** Checks and settles what the streams are connected to. */
export function wiringOf(options: PopenOptions<boolean>): Wiring {
  // A child of ours may have its life line there.
  const { stdin = self().parent === null ? "inherit" : "null" } = options;
  const { stdout = "inherit", stderr = "inherit" } = options;
  check("stdin", stdin);
  check("stdout", stdout);
  check("stderr", stderr);
  // Two ends of one file would take turns in an order of their own.
  const oneFile = stderr instanceof Deno.FsFile && stderr === stdout;
  const merged = stderr === STDOUT || oneFile;
  return {
    stdin: connection(stdin),
    stdout: connection(stdout),
    stderr: merged ? "null" : connection(stderr),
    merged: merged && stdout !== "null",
    files: {
      ...(isSource(stdin) && { stdin }),
      ...(stdout instanceof Deno.FsFile && { stdout }),
      ...(stderr instanceof Deno.FsFile && !merged && { stderr }),
    },
  };
}

function connection(stdio: unknown): Connection {
  return isSource(stdio) ? PIPE : stdio as Connection;
}

function isSource(stdio: unknown): stdio is Source {
  return stdio instanceof Deno.FsFile || stdio instanceof ReadableStream;
}

/** What one stream can be that the others cannot. */
const MORE = {
  stdin: '"inherit", a ReadableStream',
  stdout: '"inherit"',
  stderr: 'STDOUT, "inherit"',
};

function check(name: keyof typeof MORE, stdio: unknown): void {
  if (name === "stdin" && stdio instanceof ReadableStream) {
    if (!stdio.locked) return;
    throw new TypeError(
      'Cannot run a program as "stdin" is a stream that somebody else reads',
    );
  }
  if (
    stdio === "piped" || stdio === "null" || stdio === "inherit" ||
    stdio instanceof Deno.FsFile || (name === "stderr" && stdio === STDOUT)
  ) return;
  const what = `PIPE, DEVNULL, ${MORE[name]} or a Deno.FsFile`;
  throw mustBe("run a program", name, what, stdio);
}
