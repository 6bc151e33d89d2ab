/** Queues in memory that only the threads of one process share. */

import { grantedMemory } from "../../internal/memory/grant.ts";
import { settleIn } from "../../internal/memory/home.ts";
import { createArena } from "../../internal/memory/make_arena.ts";
import { coroutines, threads } from "./queue_flavours.ts";
import { queueConformance } from "./queues.ts";

// A thread, which loads this module too, has been given its memory.
if (grantedMemory() === null) settleIn(createArena("shared"));

const isAnother = true;
queueConformance({ ...coroutines, name: "coroutines without ffi", isAnother });
queueConformance({ ...threads, name: "threads without ffi", isAnother });
