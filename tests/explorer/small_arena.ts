/** A small arena, to be made anew for each order that is tried. */

import { Arena } from "../../internal/memory/arena.ts";
import {
  Header,
  INFO_BYTES,
  PAGE,
  PAGE_TABLE,
} from "../../internal/memory/layout.ts";

const SIZE = 2 ** 25;

/** Makes one, in memory of this thread. */
export function newArena(): Arena {
  const buffer = new SharedArrayBuffer(SIZE);
  const arena = new Arena(
    { id: "", size: SIZE, pid: 0, fd: -1, base: null, buffer },
    null,
  );
  const pages = SIZE / PAGE;
  const infos = PAGE_TABLE + pages * 4 + pages * INFO_BYTES;
  arena.header[Header.PAGES] = pages;
  arena.header[Header.FIRST_PAGE] = Math.ceil(infos / PAGE);
  arena.header[Header.TOP] = arena.header[Header.FIRST_PAGE]!;
  arena.header[Header.NEXT_UID] = 1;
  arena.header[Header.SLOTS_TOP] = 8;
  return arena;
}
