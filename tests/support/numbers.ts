/** Numbers that look random, and are the same each time. */
export function numbers(seed: number): (end: number) => number {
  return (end) => {
    seed = Math.imul(seed, 1103515245) + 12345 | 0;
    return (seed >>> 8) % end;
  };
}
