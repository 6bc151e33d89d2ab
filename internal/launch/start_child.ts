/** Starts processes, from whichever thread. */

import {
  Child,
  type ChildHandle,
  type ChildOptions,
  planChild,
} from "./child.ts";
import { hubLink } from "./hub_link.ts";
import { RemoteChild } from "./remote_child.ts";
import { keepSpares as keepSparesHere } from "./spares.ts";

/** Starts a child; throws where it cannot be started. */
export function startChild(options: ChildOptions): ChildHandle {
  const plan = planChild(options);
  const link = hubLink();
  return link === null ? new Child(plan) : new RemoteChild(plan, link);
}

/** Keeps `count` spares that have loaded these modules, from now on; 0: none. */
export function keepSpares(count: number, modules: readonly string[]): void {
  const link = hubLink();
  if (link === null) keepSparesHere(count, modules);
  else link.tell({ to: "keep spares", count, modules });
}
