/**
 * All types of shared objects. Whoever sweeps up after a dead thread must know
 * what that one may have owned; so this is loaded with the first object.
 */

import { typesAreKnown } from "../memory/known_types.ts";
import "./barrier.ts";
import "./condition.ts";
import "./dict.ts";
import "./event.ts";
import "./list.ts";
import "./inbox.ts";
import "./lock.ts";
import "./numbers.ts";
import "./pipe.ts";
import "./queue.ts";
import "./segment.ts";
import "./semaphore.ts";
import "./worker_link.ts";

typesAreKnown();
