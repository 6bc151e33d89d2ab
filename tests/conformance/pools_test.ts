import { Pool } from "@multi/processing";
import { poolConformance } from "./pools.ts";

poolConformance({ name: "pool", Pool });
