/** Objects that are served, as another process has them, within this thread. */

import { currentContext, runInSync } from "../../internal/context.ts";
import type { Remote } from "../../internal/travel/remote.ts";
import type { SharedClass } from "../../internal/travel/service.ts";
import { sharedClassNamed } from "../../internal/travel/shared_class.ts";

/** Who calls from elsewhere: each owner there is another one here. */
export class Caller {
  readonly #owners = new Map<object, object>();
  readonly #called = new Set<readonly [SharedClass<object>, object]>();
  readonly #controller = new AbortController();

  /** What stands for an object at this caller's. */
  has<T extends object>(object: T): T {
    const shared = sharedClassNamed(object.constructor.name)!;
    const used = [shared, object] as const;
    this.#called.add(used);
    const remote: Remote = {
      call: (method, args, signal) => {
        const { owner } = currentContext();
        let there = this.#owners.get(owner);
        if (there === undefined) this.#owners.set(owner, there = {});
        return this.#call(shared, object, there, method, args, signal);
      },
      release() {},
      locate: () => null,
    };
    return shared.fromRemote(
      remote,
      shared.service!.describe?.(object),
    ) as T;
  }

  /** It dies. */
  die(): void {
    this.#controller.abort(new Error("the caller is gone"));
    for (const [{ service }, object] of this.#called) {
      for (const owner of this.#owners.values()) {
        if (service!.holds?.(object, owner)) service!.gone!(object, owner);
      }
    }
  }

  // deno-lint-ignore require-await -- so that it rejects where it throws
  async #call(
    { service }: SharedClass<object>,
    object: object,
    owner: object,
    method: string,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const ends = AbortSignal.any([
      this.#controller.signal,
      ...(signal ? [signal] : []),
    ]);
    return runInSync({ owner, coroutine: null }, () => {
      const special = service!.special?.[method];
      if (special !== undefined) return special(object, args, ends);
      const served = Reflect.get(object, method) as (
        ...args: unknown[]
      ) => unknown;
      if (service!.methods.includes(method)) {
        return Reflect.apply(served, object, args);
      }
      if (!service!.waiting?.includes(method)) throw new Error(method);
      const options = args.at(-1) as object;
      return Reflect.apply(served, object, [
        ...args.slice(0, -1),
        { ...options, signal: ends },
      ]);
    });
  }
}
