/** All objects of this library that can be in a message; imported by need only. */

import "../../manager.ts";
import "../../shared_memory.ts";
import "../../sync.ts";
import "../../pipe.ts";
import "../../queue.ts";
