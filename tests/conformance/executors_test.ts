import { ProcessPoolExecutor, ThreadPoolExecutor } from "@multi/processing";
import { executorConformance } from "./executors.ts";

executorConformance({
  name: "process pool executor",
  Executor: ProcessPoolExecutor,
});
executorConformance({
  name: "thread pool executor",
  Executor: ThreadPoolExecutor,
  isAnother: true,
});
