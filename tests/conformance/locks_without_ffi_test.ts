/** Locks in memory that only the threads of one process share. */

import { settleIn } from "../../internal/memory/home.ts";
import { createArena } from "../../internal/memory/make_arena.ts";
import { coroutines } from "./lock_flavours.ts";
import { lockConformance } from "./locks.ts";

settleIn(createArena("shared"));

lockConformance({ ...coroutines, name: "coroutines without ffi" });
