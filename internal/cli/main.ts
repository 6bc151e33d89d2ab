/** Does what the command line says. */

import config from "../../deno.json" with { type: "json" };
import { ProcessError } from "../../errors.ts";
import { absolutePath, fileUrl } from "../launch/file_url.ts";
import { isSystemError } from "../pipe/address.ts";
import { type CommandLine, readCommandLine } from "./command_line.ts";
import { helpOn } from "./help.ts";
import {
  isExposed,
  readAddress,
  readClientTls,
  readCount,
  readKey,
  readServerTls,
} from "./options.ts";
import { print, say } from "./say.ts";
import { serve } from "./serve.ts";
import { status } from "./status.ts";
import { UsageError } from "./usage_error.ts";
import { work } from "./work.ts";

const FAILED = 1;
const MISUSED = 2;
const RETRIES = 2;
const INTERVAL_MS = 500;

/** Does it, and gives the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(readCommandLine(args));
  } catch (error) {
    if (error instanceof UsageError) {
      say(`${error.message}\n(--help tells all that there is)`);
      return MISUSED;
    }
    if (!isExpected(error)) throw error;
    say(`${error.name}: ${error.message}`);
    return FAILED;
  }
}

async function run(line: CommandLine): Promise<number> {
  if (!("texts" in line)) {
    print(line.is === "help" ? helpOn(line.about) : config.version);
    return 0;
  }
  const { texts, flags: { tls: isTls = false, ...flags }, positional } = line;
  const quiet = flags.quiet ?? false;
  const warn = (message: string) => say(`warning: ${message}`);
  const address = readAddress(texts.address);
  if (line.is === "serve") {
    const retries = readCount("retries", texts.retries, 0, RETRIES);
    const maxsize = readCount("maxsize", texts.maxsize, 0, 0);
    const tls = await readServerTls(texts, address);
    const authkey = await readKey(texts["authkey-file"], warn);
    if (isExposed(address, tls)) {
      warn(
        "others on the network can read and change what is sent: --cert and --key protect it",
      );
    }
    return await serve({ address, authkey, tls, retries, maxsize, quiet });
  }
  const cores = navigator.hardwareConcurrency;
  const processes = readCount("processes", texts.processes, 1, cores);
  const interval = readCount("interval", texts.interval, 1, INTERVAL_MS);
  const tls = await readClientTls(texts, isTls, address);
  const authkey = await readKey(texts["authkey-file"], warn);
  const way = { address, authkey, tls };
  if (line.is === "work") {
    const module = moduleUrl(positional[0]!);
    const { name = ownName() } = texts;
    const threads = flags.threads ?? false;
    return await work({ ...way, module, processes, threads, name, quiet });
  }
  const { once = false, json = false } = flags;
  return await status({ ...way, once, json, interval });
}

/** A module as it is named on a command line: a path, or a URL. */
function moduleUrl(text: string): string {
  if (/^[a-z][a-z0-9+.-]+:/i.test(text)) return text;
  // As a part of a URL, "#" and "?" would mean something else.
  return fileUrl(absolutePath(text)).href;
}

function ownName(): string {
  try {
    return `${Deno.hostname()}-${Deno.pid}`;
  } catch {
    return `worker-${Deno.pid}`; // it may not ask
  }
}

/** Whether the message says enough: of ours, or about what the system has said. */
function isExpected(error: unknown): error is Error {
  return error instanceof ProcessError || isSystemError(error) ||
    error instanceof Error && isSystemError(error.cause);
}
