/**
 * A manager's server in a child process.
 *
 * ```text
 *   parent                                  child
 *   1. listens at a rendezvous; starts ->   2. finds the callables, listens at the
 *                                              manager's address
 *   4. has its own connection          <-   3. connects to the rendezvous
 *   5. closes that                     ->   6. ends
 * ```
 *
 * If the child fails before that, its error is what `start()` throws. The first
 * connection is the child's reason to live: it ends with its parent, too.
 */

import type { FunctionReference } from "../launch/function_reference.ts";
import { findFunction } from "../launch/find_function.ts";
import { LEVELS, log } from "../launch/log.ts";
import { self, whileLoading } from "../launch/identity.ts";
import { rememberManager } from "../launch/known_managers.ts";
import { ownLoader } from "../launch/loader.ts";
import { ownModule } from "../launch/own_modules.ts";
import type { Address, TlsOptions } from "../pipe/address.ts";
import { waitFor } from "../wait.ts";
import { builtinTypes } from "./builtins.ts";
import { connectTo } from "./client.ts";
import { registeredAs, type Registry, type TypeEntry } from "./registry.ts";
import { ManagerServer } from "./server.ts";

/** What the child is told. */
export interface ChildPlan {
  readonly rendezvous: Address;
  /** The key of the rendezvous, for this one connection. */
  readonly rendezvousKey: Uint8Array;
  readonly address: Address;
  readonly authkey: Uint8Array;
  readonly tls: TlsOptions | undefined;
  /** Whether it serves what every `Manager` does. */
  readonly builtins: boolean;
  readonly types: readonly [
    typeid: string,
    type: {
      readonly reference: FunctionReference;
      /** As what it is registered; `null`: as something that others are, too. */
      readonly key: string | null;
      readonly exposed: readonly string[] | null;
    },
  ][];
  readonly initializer: FunctionReference | null;
}

/** The URL of this module, by which a child finds the function below. */
export const MODULE: string = ownModule("manager/child");

/** For so long a module that registers classes is waited for (ms). */
const LOAD_MS = 10_000;

/** What a manager's child runs. */
export async function serveInChild(plan: ChildPlan): Promise<void> {
  // Ctrl-C is for the program, which then ends this.
  Deno.addSignalListener("SIGINT", () => {});
  const { rendezvous, rendezvousKey, initializer } = plan;
  await import("../travel/all.ts"); // with what a `Manager` makes
  const [registry, initialize] = await whileLoading(async () => [
    await registryOf(plan),
    initializer && await findCallable(initializer),
  ]);
  await initialize?.();
  const server = new ManagerServer(registry, { ...plan, loadClasses });
  rememberManager(server.address, plan.authkey, plan.tls);
  const transport = await connectTo(rendezvous, {
    authkey: rendezvousKey,
    tls: undefined,
  }, {});
  server.attach(transport, "the process that has started this one", {
    ended: () => server.close(),
  });
  log(LEVELS.INFO, "manager serving");
  await server.ended;
}

async function registryOf({ builtins, types }: ChildPlan): Promise<Registry> {
  const registry = new Map<string, TypeEntry>(builtins ? builtinTypes() : []);
  for (const [typeid, { reference, key, exposed }] of types) {
    const callable = await findCallable(reference, key);
    registry.set(typeid, { callable, reference, key, exposed });
  }
  return registry;
}

/** What is found, with errors that say what it does not see. */
async function findCallable(
  reference: FunctionReference,
  key: string | null = null,
): Promise<(...args: unknown[]) => Promise<unknown>> {
  const { call, explain } = await findFunction(
    reference,
    () => registeredAs(key),
  );
  return async (...args) => {
    try {
      return await call(...args);
    } catch (error) {
      throw explain(
        error,
        "register it, once, when its module is loaded; or use serve(), which calls it where it is",
      );
    }
  };
}

/**
 * A program registers its classes in its main module, which this process has not
 * loaded: nothing that is served here needs it, until an instance comes.
 */
function loadClasses(): Promise<unknown> {
  const main = whileLoading(() => ownLoader().module(self().mainModule));
  // It may wait for what this process serves.
  return waitFor(main, { timeout: LOAD_MS });
}
