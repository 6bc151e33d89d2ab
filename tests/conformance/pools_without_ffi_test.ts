/**
 * Pools and executors whose owner and workers see no memory together, as far as
 * that makes a difference.
 */

import { grantedMemory } from "../../internal/memory/grant.ts";
import { settleIn } from "../../internal/memory/home.ts";
import { createArena } from "../../internal/memory/make_arena.ts";
import { LonelyExecutor, LonelyPool } from "../support/without_ffi.ts";
import { executorConformance } from "./executors.ts";
import { poolConformance } from "./pools.ts";

if (grantedMemory() === null) settleIn(createArena("shared"));

poolConformance({
  name: "pool without ffi",
  Pool: LonelyPool,
  seesAbort: false,
  steps: [
    "a function to arguments, and gives what it returns",
    "functions that are not exported, and such as are made anew each time",
    "a function that throws, and gives the error as it was",
    "lists, in their order, in chunks of any size",
    "one by one, in their order or as they come",
    "one by one, gives an error in its place, and goes on",
    "infinite input, as fast as somebody wants the results",
    "no further ahead than a little, if nobody wants the results",
    "with a task, at its call",
    "with a result that cannot be sent, 20 times",
    "with an error that cannot be sent",
    "as many as it was asked for, which share the work",
    "of which no one waits behind a long task",
    "that are initialized once each",
    "and fails with the error of an initializer that throws",
    "that end after so many tasks, and are replaced",
    "when all is done, after close()",
    "at once, by terminate(), with thousands of tasks left",
    "before it was up, in any way",
    "and gives what imap() has left",
    "that has run for too long, and of its worker",
    "in a map, each item of which has its time",
    "that is aborted, whether it has begun or not",
    "that listens to its signal, and keeps its worker",
    "tells of it",
    "another pool works",
    "large values travel both ways",
    "tells of its progress",
  ],
});
executorConformance({
  name: "process pool executor without ffi",
  Executor: LonelyExecutor,
  steps: [
    "maps over one iterable or several, in their order",
    "starts no more workers than it needs, and uses them again",
    "starts as many as it may, and no more",
    "replaces a worker after so many calls",
    "is broken by an initializer that throws",
    "and takes back what has not begun, if that is wanted",
    "with nothing to do, and with workers that were just started",
    "that say how far they are",
    "that can be taken back, until they run",
    "goes on after a worker was lost",
  ],
});
