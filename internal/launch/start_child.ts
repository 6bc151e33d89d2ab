/** Starts processes, from whichever thread. */

import {
  Child,
  type ChildHandle,
  type ChildOptions,
  planChild,
} from "./child.ts";
import { hubLink } from "./hub_link.ts";
import { RemoteChild } from "./remote_child.ts";
import { keepSpares } from "./spares.ts";
import { type StartSettings, useStartSettings } from "./start_method.ts";

/** Starts a child; throws where it cannot be started. */
export function startChild(options: ChildOptions): ChildHandle {
  const plan = planChild(options);
  const link = hubLink();
  return link === null ? new Child(plan) : new RemoteChild(plan, link);
}

/** Says how this process starts others from now on. */
export function startBy(settings: StartSettings): void {
  useStartSettings(settings);
  const link = hubLink();
  if (link === null) keepSpares();
  else link.tell({ to: "start by", settings });
}
