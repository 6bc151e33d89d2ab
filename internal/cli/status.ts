/** `status`: shows what is queued, running, done and failed. */

import { delay } from "@std/async/delay";
import {
  AuthenticationError,
  ProcessError,
  TimeoutError,
} from "../../errors.ts";
import { nameOf } from "../pipe/address.ts";
import type { Way } from "./options.ts";
import { CommandManager } from "./protocol.ts";
import { render } from "./render.ts";
import { print } from "./say.ts";
import { Screen } from "./screen.ts";
import { stopSignal, whenAborted } from "./stop.ts";

/** What is asked of `status`. */
export interface StatusOptions extends Way {
  readonly once: boolean;
  readonly json: boolean;
  /** How often it is drawn (ms). */
  readonly interval: number;
}

/** How long an answer may take. */
const ANSWER_MS = 10_000;

/** Shows it once, or until it is to stop. */
export async function status(options: StatusOptions): Promise<number> {
  const { once, json, interval, ...way } = options;
  if (!once && !json && Deno.stdout.isTerminal()) {
    await watch(way, interval);
    return 0;
  }
  await using manager = await connect(way);
  const now = await (await manager.getWatch()).status();
  print(json ? JSON.stringify(now) : render(now, nameOf(way.address)));
  return 0;
}

async function connect(
  way: Way,
  stop?: AbortSignal,
): Promise<CommandManager> {
  const manager = new CommandManager(way);
  const limit = AbortSignal.timeout(ANSWER_MS);
  try {
    await manager.connect({
      signal: stop === undefined ? limit : AbortSignal.any([limit, stop]),
    });
    return manager;
  } catch (cause) {
    const name = nameOf(way.address);
    if (limit.aborted) {
      throw new TimeoutError(
        `Cannot show anything as ${name} has not answered for ${
          ANSWER_MS / 1000
        } s`,
        { cause },
      );
    }
    if (!isNobody(cause)) throw cause;
    throw new ProcessError(
      `Cannot show anything as nobody serves at ${name}: start "serve" there first`,
      { cause },
    );
  }
}

function isNobody(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionRefused ||
    error instanceof Deno.errors.NotFound;
}

/** Draws it again and again, also when the server was gone in between. */
async function watch(way: Way, interval: number): Promise<void> {
  const stop = stopSignal();
  const stopped = whenAborted(stop);
  const name = nameOf(way.address);
  using screen = new Screen();
  let isFirst = true;
  while (!stop.aborted) {
    try {
      await using manager = await connect(way, stop);
      isFirst = false;
      const watched = await manager.getWatch();
      while (!stop.aborted) {
        const now = await Promise.race([watched.status(), stopped]);
        if (now === undefined) return;
        screen.draw(render(now, name));
        await pause(interval, stop);
      }
    } catch (error) {
      if (stop.aborted) return;
      if (isFirst || error instanceof AuthenticationError) throw error;
      screen.draw(
        `waits for the server at ${name}: ${(error as Error).message}`,
      );
      await pause(interval, stop);
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, { signal }).catch(() => {}); // it is to stop
}
