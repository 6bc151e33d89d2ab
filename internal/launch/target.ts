/** A function that another process or thread can run. */
export type Target<A extends unknown[], R> = (
  ...args: A
) => R | PromiseLike<R>;
