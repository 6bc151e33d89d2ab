/** Both ends of a connection, in one program, as two processes have them. */

import { programHolder } from "../../internal/travel/hold_program.ts";
import { Link } from "../../internal/travel/link.ts";
import type { LinkOptions } from "../../internal/travel/link_options.ts";
import { Box, sharedBox } from "./box.ts";
import { type MemoryTransport, transportPair } from "./transport_pair.ts";

/** The ends, and what is between them. */
export interface Pair extends Disposable {
  /** Where the root is. */
  readonly server: Link;
  readonly client: Link;
  readonly root: Box;
  readonly serverSide: MemoryTransport;
  readonly clientSide: MemoryTransport;
  /** Why the server's end has ended. */
  readonly ended: (Error | null)[];
  /** What stands at the client for a box of the server. */
  give(box: Box): Promise<Box>;
}

/** Connects them; the one who serves has a box as its root. */
export function pair(
  options: Partial<LinkOptions> = {},
  clientOptions: Partial<LinkOptions> = {},
): Pair {
  const [serverSide, clientSide] = transportPair();
  const root = new Box("root");
  const ended: (Error | null)[] = [];
  const server = new Link(serverSide, {
    peer: "the client",
    root: { shared: sharedBox(), object: root },
    ended: (reason) => void ended.push(reason),
    ...options,
  });
  const client = new Link(clientSide, {
    peer: "the server",
    waiting: programHolder(),
    ...clientOptions,
  });
  return {
    server,
    client,
    root,
    serverSide,
    clientSide,
    ended,
    async give(box) {
      root.given = box;
      return await client.root().call("given", []) as Box;
    },
    [Symbol.dispose]() {
      server.close();
      client.close();
    },
  };
}
