/** What lies in the shared memory of this program, for who looks for what was left. */

import { offsetOf } from "../../internal/memory/arena.ts";
import { ownHome } from "../../internal/memory/home.ts";
import {
  Header,
  MAX_OBJECTS,
  MAX_PINS,
  OBJECT_TABLE,
  PIN_BYTES,
  PIN_TABLE,
  SET_WORDS,
} from "../../internal/memory/layout.ts";

/** Each object: its type, the slots of those who hold it, and what pins it. */
export function sharedObjects(): string[] {
  const { arena, member } = ownHome().space;
  const living = new Set(member.living());
  const table = arena.ints(OBJECT_TABLE, MAX_OBJECTS * 4);
  const pins = arena.ints(PIN_TABLE, MAX_PINS * PIN_BYTES);
  const found: string[] = [];
  for (const [index, pointer] of table.entries()) {
    if (pointer === 0) continue;
    if (pointer < 0) {
      found.push(`a place that is reserved by ${pointer & 0x7fffffff}`);
      continue;
    }
    const words = arena.ints(offsetOf(pointer), 80 * 4);
    const holders: string[] = [];
    for (let slot = 0; slot < SET_WORDS * 64; slot++) {
      if ((words[16 + (slot >>> 5)]! >>> (slot & 31) & 1) === 0) continue;
      if (slot >= SET_WORDS * 32 && words[2]! !== 21) break;
      const is = living.has(slot % 1024) ? "lives" : "is dead";
      holders.push(`slot ${slot % 1024}, which ${is}`);
    }
    for (let pin = 0; pin < arena.header[Header.PINS_TOP]!; pin++) {
      const at = pin * PIN_BYTES / 4;
      if (pins[at] === 0 || pins[at + 2] !== index) continue;
      const [, , , end, beneficiary, from] = pins.subarray(at);
      holders.push(`a pin of end ${end}, for ${beneficiary}, from ${from}`);
    }
    found.push(
      `object ${words[1]} of type ${words[2]}, state ${
        words[0]! & 3
      }, destroyer ${words[3]}, held by ${holders.join("; ") || "nobody"}`,
    );
  }
  found.push(`slots that live: ${[...living].join(" ")}; own: ${member.id}`);
  return found;
}
