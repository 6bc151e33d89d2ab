import { coroutines, processes, threads } from "./queue_flavours.ts";
import { queueConformance } from "./queues.ts";

queueConformance(coroutines);
queueConformance(threads);
queueConformance(processes);
