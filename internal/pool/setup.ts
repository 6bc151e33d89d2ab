import type { FunctionReference } from "../launch/function_reference.ts";

/** What a worker is started with. */
export interface Setup {
  readonly initializer: FunctionReference | null;
  readonly initargs: readonly unknown[];
}
