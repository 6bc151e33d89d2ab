/** Starts threads, from whichever thread. */

import { checkCarrier } from "./carrier.ts";
import { Count, countUp } from "./counts.ts";
import { newServer } from "./hub.ts";
import { hubLink } from "./hub_link.ts";
import { checkMayStart } from "./may_start.ts";
import { type Permissions, workerPermissions } from "./permissions.ts";
import { RemoteThread } from "./remote_thread.ts";
import { enroll, strike } from "./roster.ts";
import { RunningThread } from "./running_thread.ts";
import type { Call } from "./boot.ts";
import type { ThreadHandle } from "./thread_handle.ts";
import type { Gate, ThreadPlan } from "./thread_messages.ts";
import { MAIN_THREAD } from "./this_thread.ts";

/** What a thread is started with. */
export interface ThreadStart {
  readonly name: string;
  readonly daemon: boolean;
  readonly job: Call;
  readonly permissions: Permissions;
  readonly maxHeapMb: number | null;
  readonly fresh: boolean;
  readonly quiet: boolean;
  readonly gate: Gate | null;
}

/** Throws where no thread can have these permissions, and that limit. */
export function checkThread(
  permissions: Permissions,
  maxHeapMb: number | null,
): void {
  checkCarrier(workerPermissions(permissions), maxHeapMb);
}

/** Starts a thread; throws where it cannot be started. */
export function startThread(start: ThreadStart): ThreadHandle {
  checkMayStart(start.name);
  const permissions = workerPermissions(start.permissions);
  const ident = MAIN_THREAD.ident + countUp(Count.IDENTS);
  const { name, daemon } = start;
  const slot = enroll({ name, ident, daemon });
  const plan: ThreadPlan = { ...start, permissions, ident, slot };
  try {
    const link = hubLink();
    return link === null
      ? new RunningThread(plan, newServer)
      : new RemoteThread(plan, link);
  } catch (error) {
    strike(slot);
    throw error;
  }
}
