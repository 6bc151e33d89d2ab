import { coroutines, processes, threads } from "./queue_flavours.ts";
import { queueConformance } from "./queues.ts";

queueConformance({ ...coroutines, isAnother: true });
queueConformance(threads);
queueConformance(processes);
