/** 0, 1, 2, …: so many. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** The same, squared. */
export function squares(count: number): number[] {
  return numbers(count).map((n) => n * n);
}
