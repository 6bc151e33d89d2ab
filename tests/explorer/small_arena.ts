/** A small arena, to be made anew for each order that is tried. */

import { Arena } from "../../internal/memory/arena.ts";
import {
  Header,
  INFO_BYTES,
  LIFE_BYTES,
  LIVES,
  OBJECT_TABLE,
  PAGE,
  PAGE_TABLE,
  PIN_BYTES,
  PIN_TABLE,
  SLOT_BYTES,
  SLOT_PAGES,
} from "../../internal/memory/layout.ts";

const SIZE = 2 ** 25;
const PAGES = SIZE / PAGE;
const FIRST_PAGE = Math.ceil((PAGE_TABLE + PAGES * (4 + INFO_BYTES)) / PAGE);
const MEMBERS = 8;

let used: Arena | null = null;

/** Makes one, in memory of this thread. */
export function newArena(): Arena {
  return made(new SharedArrayBuffer(SIZE));
}

/**
 * Makes one where the one before was, which is no more: new memory for each of
 * 100,000 orders takes more time than what is done in it.
 */
export function nextArena(): Arena {
  if (used === null) return used = newArena();
  const { header } = used;
  const buffer = used.grant.buffer!;
  const clear = (offset: number, length: number) =>
    new Uint8Array(buffer, offset, length).fill(0);
  // (Who died may have written to the place behind the last one.)
  clear(OBJECT_TABLE, (header[Header.OBJECTS_TOP]! + 1) * 4);
  clear(PIN_TABLE, (header[Header.PINS_TOP]! + 1) * PIN_BYTES);
  clear(PAGE_TABLE, (header[Header.TOP]! + 1) * PAGE - PAGE_TABLE);
  clear(LIVES, MEMBERS * LIFE_BYTES);
  clear(SLOT_PAGES, MEMBERS * SLOT_BYTES);
  clear(0, LIVES);
  return used = made(buffer);
}

function made(buffer: SharedArrayBuffer): Arena {
  const arena = new Arena(
    { id: "", size: SIZE, pid: 0, fd: -1, base: null, buffer },
    null,
  );
  arena.header[Header.PAGES] = PAGES;
  arena.header[Header.FIRST_PAGE] = FIRST_PAGE;
  arena.header[Header.TOP] = FIRST_PAGE;
  arena.header[Header.NEXT_UID] = 1;
  arena.header[Header.SLOTS_TOP] = MEMBERS;
  return arena;
}
