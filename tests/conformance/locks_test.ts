import { coroutines, processes, threads } from "./lock_flavours.ts";
import { lockConformance } from "./locks.ts";

lockConformance(coroutines);
lockConformance(processes);
lockConformance(threads);
