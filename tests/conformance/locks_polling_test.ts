/** Locks where the system has no way to sleep at several words. */

import { grantedMemory } from "../../internal/memory/grant.ts";
import { Header } from "../../internal/memory/layout.ts";
import { settleIn } from "../../internal/memory/home.ts";
import { memoryCalls } from "../../internal/memory/libc.ts";
import { createArena } from "../../internal/memory/make_arena.ts";
import { coroutines, processes } from "./lock_flavours.ts";
import { lockConformance } from "./locks.ts";

const LOOK = "that look now and then";
const isAnother = true;

if (memoryCalls() === null) {
  // Nobody sleeps there at words that other processes see.
  Deno.test(`processes ${LOOK}`, { ignore: true }, () => {});
} else {
  // A child, which loads this module too, has been given its memory.
  if (grantedMemory() === null) {
    const arena = createArena("mapped");
    arena.header[Header.POLLING] = 1;
    settleIn(arena);
  }
  lockConformance({ ...coroutines, name: `coroutines ${LOOK}`, isAnother });
  lockConformance({ ...processes, name: `processes ${LOOK}`, isAnother });
}
