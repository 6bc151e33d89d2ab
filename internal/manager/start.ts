/** Starts a manager's server in a child process. */

import { ProcessError, WorkerLostError } from "../../errors.ts";
import type { ChildHandle } from "../launch/child.ts";
import {
  type FunctionReference,
  referTo,
} from "../launch/function_reference.ts";
import { encodeJob } from "../launch/job.ts";
import { childIdentity, nextPath } from "../launch/identity.ts";
import { howEnded, withWords } from "../launch/last_words.ts";
import { isWhole } from "../launch/granted.ts";
import { startChild } from "../launch/start_child.ts";
import { Acceptor } from "../pipe/acceptor.ts";
import type { Address, TlsOptions } from "../pipe/address.ts";
import { DEFAULT_LENGTH } from "../pipe/framing.ts";
import { listen } from "../pipe/listen.ts";
import {
  openTransport,
  type SocketTransport,
} from "../travel/socket_transport.ts";
import { after } from "../wait.ts";
import { type ChildPlan, MODULE, serveInChild } from "./child.ts";
import { registeredAs, type Registry } from "./registry.ts";
import { serverPermissions } from "./server_permissions.ts";

/** What the child serves, and where. */
export interface StartOptions {
  /** What its name begins with. */
  readonly name: string;
  readonly registry: Registry;
  readonly builtins: boolean;
  readonly address: Address | undefined;
  readonly authkey: Uint8Array;
  readonly tls: TlsOptions | undefined;
  readonly initializer: FunctionReference | null;
}

/** A server in a child process. */
interface StartedServer {
  readonly transport: SocketTransport;
  readonly child: ChildHandle;
}

/** Where a server listens if nothing is said: only this machine can come there. */
export function defaultAddress(): Address {
  return Deno.build.os === "linux" && isWhole("net")
    ? `\0multi-processing-${crypto.randomUUID()}`
    : ["127.0.0.1", 0];
}

/** How long a server may take to end, before it is terminated (ms). */
const GRACE_MS = 3000;

/** Starts it, and gives the first connection with it. */
export async function startServer(
  options: StartOptions,
): Promise<StartedServer> {
  const { address = defaultAddress(), authkey, tls, initializer } = options;
  const rendezvousKey = crypto.getRandomValues(new Uint8Array(32));
  const acceptor = new Acceptor(
    listen(defaultAddress(), undefined, 1),
    {
      authkey: rendezvousKey,
      maxLength: DEFAULT_LENGTH,
      backlog: 1,
      timeToProve: 10_000,
      maxStrangers: 8,
      patience: 1000,
      log: () => {},
    },
    openTransport,
  );
  const plan: ChildPlan = {
    rendezvous: acceptor.address,
    rendezvousKey,
    address,
    authkey,
    tls,
    builtins: options.builtins,
    types: [...typesIn(options.registry)],
    initializer,
  };
  const child = run(options.name, plan);
  child.hold();
  try {
    const transport = await Promise.race([
      acceptor.accept({}),
      child.reported.then(() => failed(options.name, child)),
    ]);
    return { transport, child };
  } finally {
    acceptor.close();
    child.release();
  }
}

/** Waits until it has ended, whose first connection was closed. */
export async function endServer(child: ChildHandle): Promise<void> {
  child.hold();
  const cancel = after(GRACE_MS, () => child.kill("SIGTERM"));
  const cancelLast = after(2 * GRACE_MS, () => child.kill("SIGKILL"));
  await child.ended;
  cancel();
  cancelLast();
  child.release();
}

function* typesIn(registry: Registry): Iterable<ChildPlan["types"][number]> {
  for (const [typeid, entry] of registry) {
    const { callable, reference, exposed } = entry;
    if (callable === null) continue;
    if (reference instanceof Error) {
      throw new ProcessError(
        `Cannot start a manager as "${typeid}" cannot be made by a child process: ${reference.message}; or use serve(), which runs it here`,
        { cause: reference },
      );
    }
    const key = registeredAs(entry.key) === callable ? entry.key : null;
    if (reference !== null) yield [typeid, { reference, key, exposed }];
  }
}

function run(name: string, plan: ChildPlan): ChildHandle {
  const path = nextPath();
  const references = [
    ...plan.types.map(([, { reference }]) => reference),
    ...plan.initializer ? [plan.initializer] : [],
  ];
  const modules = references.flatMap(({ modules }) => modules);
  return startChild({
    identity: childIdentity(`${name}-${path.join(":")}`, path, true),
    job: encodeJob({
      target: {
        ...referTo(serveInChild, "target", MODULE),
        modules: [...new Set([MODULE, ...modules])],
      },
      args: [plan],
      kwargs: null,
    }),
    permissions: serverPermissions([plan.rendezvous, plan.address]),
  });
}

async function failed(name: string, child: ChildHandle): Promise<never> {
  child.outcome?.take();
  const { pid } = child;
  const exitcode = await child.ended;
  throw new WorkerLostError(
    `The process of ${name} (pid ${pid}) ${
      howEnded(exitcode)
    } before it served${withWords(child.lastWords)}`,
    { pid, exitcode },
  );
}
