/** `serve`: the queues, and who may come there. */

import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { logToStderr } from "../../logging.ts";
import { nameOf } from "../pipe/address.ts";
import { Desk } from "./desk.ts";
import type { Way } from "./options.ts";
import { CommandManager, SEAT, WATCH } from "./protocol.ts";
import { print, say } from "./say.ts";
import { stopSignal, whenAborted } from "./stop.ts";

/** What is asked of `serve`. */
export interface ServeOptions extends Way {
  readonly retries: number;
  readonly maxsize: number;
  readonly quiet: boolean;
}

/** How long those who are told that it ends may take to hear it. */
const FAREWELL_MS = 1000;
/** How long the answers to those who waited at the queues take to be written. */
const LAST_ANSWERS_MS = 50;

/** Serves until it is to stop. */
export async function serve(options: ServeOptions): Promise<number> {
  const { retries, maxsize, quiet, ...way } = options;
  const desk = new Desk({
    retries,
    maxsize,
    note: quiet ? () => {} : say,
  });
  class Server extends CommandManager {}
  Server.register("getTaskQueue", { callable: () => desk.tasks });
  Server.register("getResultQueue", { callable: () => desk.results });
  Server.register("getSeat", {
    callable: (applicant) => desk.seat(applicant),
    exposed: SEAT,
  });
  Server.register("getWatch", { callable: () => desk, exposed: WATCH });
  logToStderr(); // who comes with a wrong key, and the like
  const stop = whenAborted(stopSignal());
  await using manager = new Server(way);
  await manager.serve();
  print(`serving at ${nameOf(manager.address)}`);

  await stop;
  const { queued, running, results } = await desk.status();
  await deadline(desk.close(), FAREWELL_MS).catch(() => {});
  await delay(LAST_ANSWERS_MS);
  const left = [
    [queued, "queued"],
    [running, "running"],
    [results, "whose results nobody has taken"],
  ].filter(([count]) => count !== 0).map(([count, what]) => `${count} ${what}`);
  if (left.length > 0) say(`ends with tasks: ${left.join(", ")}`);
  return 0;
}
