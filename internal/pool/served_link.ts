/** A link as a worker has it that cannot look at the memory in which it lies. */

import { readHandle, writeHandle } from "../travel/handles.ts";
import type { Remote } from "../travel/remote.ts";
import { registerShared } from "../travel/shared_class.ts";
import { Link } from "./link.ts";
import { LinkServer } from "./link_server.ts";

/** It stands for the link itself where that can be reached, and is served from there. */
export class ServedLink {
  readonly link: Link | null;
  readonly remote: Remote | null;
  #server: LinkServer | null = null;

  static {
    registerShared<ServedLink>({
      name: "ServedLink",
      class: ServedLink,
      encode: ({ link }) => writeHandle(link!.object, 0),
      decode: (handle) =>
        new ServedLink(readHandle(handle, (object) => new Link(object)), null),
      remoteOf: ({ remote }) => remote,
      fromRemote: (remote) => new ServedLink(null, remote),
      service: {
        methods: [],
        carries: true,
        special: {
          take: ({ server }, _, signal) => server.take(signal),
          whenAborted: ({ server }, [task], signal) =>
            server.whenAborted(task as number, signal),
        },
        quick: {
          begin: ({ server }, [task]) => server.begin(task as number),
          beat: ({ server }) => server.beat(),
          answer: ({ server }, args) => server.answer(...args as Answered),
          refuse: ({ server }, [error]) => server.refuse(error),
        },
      },
    });
  }

  constructor(link: Link | null, remote: Remote | null) {
    this.link = link;
    this.remote = remote;
  }

  /** What does for the worker what that cannot do itself. */
  get server(): LinkServer {
    return this.#server ??= new LinkServer(this.link!);
  }
}

type Answered = Parameters<LinkServer["answer"]>;
