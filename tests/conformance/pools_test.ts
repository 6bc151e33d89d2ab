import { Pool, ThreadPool } from "@multi/processing";
import { poolConformance } from "./pools.ts";

poolConformance({ name: "pool", Pool });
poolConformance({ name: "thread pool", Pool: ThreadPool });
