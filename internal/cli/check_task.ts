/** What anybody can have put into the queue. */

/** What is wrong with what somebody has put as a task. */
export function faultOf(task: unknown): Error | null {
  const { id = 0, fn, args = [], retries = 0, timeout = 0 } =
    typeof task === "object" && task !== null
      ? task as Record<string, unknown>
      : {};
  const isRight = typeof fn === "string" && Array.isArray(args) &&
    isId(id) &&
    isNumber(retries) && isNumber(timeout);
  return isRight ? null : new TypeError(
    `Cannot do a task as it must be { fn: string, args?: array, id?: string or number, retries?: number >= 0, timeout?: number >= 0 }: current value is ${
      Deno.inspect(task, { depth: 1 })
    }`,
  );
}

/** The id of what somebody has put, whatever else is wrong with it. */
export function idOf(task: unknown): string | number | undefined {
  const id = typeof task === "object" && task !== null && "id" in task
    ? task.id
    : undefined;
  return isId(id) ? id : undefined;
}

function isId(id: unknown): id is string | number {
  return typeof id === "string" || typeof id === "number";
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" && value >= 0;
}
