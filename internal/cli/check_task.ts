/** What anybody can have put into the queue. */

/** What is wrong with what somebody has put as a task. */
export function faultOf(task: unknown): Error | null {
  const { id = 0, fn, args = [], retries = 0, timeout = 0 } =
    typeof task === "object" && task !== null
      ? task as Record<string, unknown>
      : {};
  const isRight = typeof fn === "string" && Array.isArray(args) &&
    (typeof id === "string" || typeof id === "number") &&
    isNumber(retries) && isNumber(timeout);
  return isRight ? null : new TypeError(
    `Cannot do a task as it must be { fn: string, args?: array, id?: string or number, retries?: number, timeout?: number }: current value is ${
      Deno.inspect(task, { depth: 1 })
    }`,
  );
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" && value >= 0;
}
