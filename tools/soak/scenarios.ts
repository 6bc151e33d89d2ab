/** All scenarios. */

import { coroutines } from "./coroutines.ts";
import { dicts } from "./dicts.ts";
import { locks } from "./locks.ts";
import { managers } from "./managers.ts";
import { pipes } from "./pipes.ts";
import { pools } from "./pools.ts";
import { processes } from "./processes.ts";
import { queues } from "./queues.ts";
import type { Scenario } from "./round.ts";
import { segments } from "./segments.ts";
import { threads } from "./threads.ts";

export const SCENARIOS: readonly Scenario[] = [
  processes,
  threads,
  pools,
  queues,
  pipes,
  locks,
  dicts,
  segments,
  coroutines,
  managers,
];
