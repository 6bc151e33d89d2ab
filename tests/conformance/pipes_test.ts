import { type Connection, pipe, Process } from "@multi/processing";
import { describe } from "@std/testing/bdd";
import { playWith } from "../fixtures/connection_roles.ts";
import { nothingLeft } from "../support/nothing_left.ts";
import {
  betweenProcesses,
  connectionConformance,
  type ConnectionFlavour,
} from "./connections.ts";

function playIn(permissions: "inherit" | "none"): ConnectionFlavour["play"] {
  return async (role) => {
    const [here, there] = pipe();
    const process = new Process({
      target: playWith,
      args: [there, role],
      permissions,
    });
    process.start();
    there.close();
    return await Promise.resolve({
      connection: here as Connection,
      process: process as unknown as Process,
    });
  };
}

connectionConformance({
  name: "a pipe",
  blocks: true,
  pair: () => Promise.resolve(pipe()),
  oneWay: () => Promise.resolve(pipe({ duplex: false })),
  play: playIn("inherit"),
});

describe("a connection by a pipe to a process without ffi", () => {
  nothingLeft();
  betweenProcesses(playIn("none"));
});
