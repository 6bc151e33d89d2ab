import { Pool } from "@multi/processing";
import { poolConformance } from "./pools.ts";

poolConformance({
  name: "pool",
  Pool,
  // A busy worker sees it in memory alone, which processes share on Linux.
  seesAbort: Deno.build.os === "linux",
});
