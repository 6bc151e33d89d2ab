import { coroutines, processes } from "./lock_flavours.ts";
import { lockConformance } from "./locks.ts";

lockConformance(coroutines);
lockConformance(processes);
