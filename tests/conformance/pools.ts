/**
 * What CPython's own tests hold of pools, in other words; once for all kinds of
 * workers.
 */

import { afterAll, describe } from "@std/testing/bdd";
import type { Pool as AnyPool, PoolOptions } from "@multi/processing";
import { chosen } from "../support/chosen.ts";
import { nothingLeft } from "../support/nothing_left.ts";
import { poolLimits } from "./pool_limits.ts";
import { poolMistakes } from "./pool_mistakes.ts";
import { poolTasks } from "./pool_tasks.ts";
import { poolWorkers } from "./pool_workers.ts";

type PoolClass = new (options?: number | PoolOptions) => AnyPool;

/** One kind of pool. */
export interface PoolFlavour {
  readonly name: string;
  readonly Pool: PoolClass;
  /** The steps that it is to be tested by; by default, all. */
  readonly steps?: readonly string[];
  /** Whether another kind is tested by them, too. */
  readonly isAnother?: boolean;
  /** Whether a task that does not wait for anything sees that it is aborted. */
  readonly seesAbort?: boolean;
}

/** What the steps have of it. */
export interface PoolSubject {
  readonly it: ReturnType<typeof chosen>;
  readonly Pool: PoolClass;
  /** One for all who leave it as it was; workers are not soon started. */
  common(): AnyPool;
  readonly seesAbort: boolean;
}

/** Describes what every pool does. */
export function poolConformance(
  { name, Pool, steps, isAnother, seesAbort = true }: PoolFlavour,
): void {
  const it = chosen(steps, isAnother);
  describe(`a ${name}`, () => {
    let shared: AnyPool | undefined;
    const common = () => shared ??= new Pool(2);
    afterAll(() => shared?.terminate());
    nothingLeft();
    const subject = { it, Pool, common, seesAbort };
    poolTasks(subject);
    poolMistakes(subject);
    poolWorkers(subject);
    poolLimits(subject);
  });
}
