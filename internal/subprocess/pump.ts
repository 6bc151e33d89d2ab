/**
 * Files and streams as standard streams. The runtime hands no open file over to a program,
 * so this process reads or writes it, from where it stands, through a pipe. A
 * program that reads only the beginning of its stdin leaves the file further on
 * than it has read.
 */

import { ProcessError } from "../../errors.ts";
import { waitFor } from "../wait.ts";
import { bytesOf, isBroken } from "./input_pipe.ts";

/** Carries what goes through one pipe. */
export interface Pump {
  /** The program has ended: resolves when all it wrote is in the file. */
  drain(): Promise<void>;
}

const PIECE_BYTES = 65536;
/**
 * After its end a program's output is in the pipe, and read at once. If a program
 * that it has started holds the pipe, its end does not come: then two silences of
 * this length are taken for it. (Two, because a first one may be this process's
 * own: it was busy, and comes to reading only now.)
 */
const SILENCE_MS = 25;

/** Writes a program's output to a file. */
export function pumpOut(
  output: ReadableStream<Uint8Array>,
  file: Deno.FsFile,
  name: string,
): Pump {
  let pieces = 0;
  let writing = false;
  const pump = async () => {
    try {
      // A file that cannot be written ends the pipe, and so the program's writes.
      for await (const bytes of output) {
        pieces++;
        writing = true;
        await writeAll(file, bytes);
        writing = false;
      }
    } catch (error) {
      throw failed(`Cannot write ${name} to its file`, error);
    }
  };
  const finished = pump();
  finished.catch(() => {});
  let silences = 0;
  return {
    async drain() {
      for (let seen = -1; silences < 2; seen = pieces) {
        const isDone = await waitFor(finished.then(() => true), {
          timeout: SILENCE_MS,
        });
        if (isDone === true) return;
        silences = pieces === seen && !writing ? silences + 1 : 0;
      }
    },
  };
}

/** What a program can be given to read. */
export type Source = Deno.FsFile | ReadableStream<string | Uint8Array>;

/** Gives a file or stream to a program to read. */
export function pumpIn(
  source: Source,
  stdin: WritableStream<Uint8Array>,
  name: string,
): Pump {
  const writer = stdin.getWriter();
  writer.closed.catch(() => {});
  let ended = false;
  const { read, cancel, what } = readingOf(source);
  const pump = async () => {
    try {
      for (;;) {
        const bytes = await read();
        if (bytes === null || ended) break;
        await writer.write(bytes);
      }
      await writer.close();
    } catch (error) {
      await cancel();
      // A program need not read what it is given.
      if (ended || isBroken(error)) return;
      await writer.close().catch(() => {});
      throw failed(`Cannot read ${name} from its ${what}`, error);
    }
  };
  const finished = pump();
  finished.catch(() => {});
  return {
    async drain() {
      ended = true;
      await cancel();
      // A read of a terminal may take for ever.
      await waitFor(finished, { timeout: SILENCE_MS });
    },
  };
}

/** How it is read, piece by piece, and given up. */
interface Reading {
  readonly what: "file" | "stream";
  read(): Promise<Uint8Array | null>;
  cancel(): Promise<void>;
}

function readingOf(source: Source): Reading {
  if (source instanceof Deno.FsFile) {
    const bytes = new Uint8Array(PIECE_BYTES);
    const read = async () => {
      const count = await source.read(bytes);
      return count === null ? null : bytes.subarray(0, count);
    };
    return { what: "file", read, async cancel() {} };
  }
  const reader = source.getReader();
  const read = async () => {
    const { done, value } = await reader.read();
    return done ? null : bytesOf(value);
  };
  // Who writes it, such as another program, learns that nobody reads it.
  const cancel = () => reader.cancel().catch(() => {});
  return { what: "stream", read, cancel };
}

/** A user's stream may fail by anything. */
function failed(what: string, cause: unknown): ProcessError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ProcessError(`${what}: ${why}`, { cause });
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await file.write(bytes.subarray(at));
  }
}
