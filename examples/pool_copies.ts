// What a task is given is a copy: the parent's list stays as it was.
import { Pool } from "@multi/processing";

export function setOne(list: number[], i: number): number[] {
  list[i] = i + 1;
  return list;
}

if (import.meta.main) {
  const list = [0, 0, 0, 0, 0];
  await using pool = new Pool(2);
  const results = list.map((_, i) => pool.applyAsync(setOne, [list, i]));
  for (const result of results) console.log(`[${(await result).join(", ")}]`);
  console.log(`parent: [${list.join(", ")}]`);
}
