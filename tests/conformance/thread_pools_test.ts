import { ThreadPool } from "@multi/processing";
import { poolConformance } from "./pools.ts";

poolConformance({ name: "thread pool", Pool: ThreadPool, isAnother: true });
