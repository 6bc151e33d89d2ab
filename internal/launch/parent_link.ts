/** A child's link to its parent, at whose memory it cannot look. */

import { LazyLink } from "../travel/lazy_link.ts";
import { programHolder } from "../travel/hold_program.ts";
import { self } from "./identity.ts";
import { LEVELS, log } from "./log.ts";
import { ParentTransport } from "./parent_transport.ts";
import { reportOver } from "./report.ts";
import type { Reporter } from "./reporter.ts";

/** What a child has of it. */
export interface ParentLink {
  readonly link: LazyLink;
  /** To be called with what comes on stdin. */
  received(bytes: Uint8Array): void;
}

/** Makes it; from now on objects are in reports only if they are the parent's. */
export function linkToParent(reporter: Reporter): ParentLink {
  const transport = new ParentTransport(reporter);
  const link = new LazyLink(transport, {
    peer: `${self().parent!.name}, the parent process,`,
    waiting: programHolder(),
    loadAll: () => import("../travel/all.ts"),
    trouble: (error) => log(LEVELS.WARNING, `a served call failed: ${error}`),
  });
  reportOver(link);
  return { link, received: (bytes) => transport.push(bytes) };
}
