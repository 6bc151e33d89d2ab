import { activeChildren, Process } from "@multi/processing";
import { workerConformance } from "./workers.ts";

workerConformance({
  name: "process",
  Worker: Process,
  active: activeChildren,
  terminatedCode: -15,
});
