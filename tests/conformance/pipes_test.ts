import { type Connection, pipe, Process } from "@multi/processing";
import { playWith } from "../fixtures/connection_roles.ts";
import { connectionConformance } from "./connections.ts";

connectionConformance({
  name: "a pipe",
  blocks: true,
  pair: () => Promise.resolve(pipe()),
  oneWay: () => Promise.resolve(pipe({ duplex: false })),
  async play(role) {
    const [here, there] = pipe();
    const process = new Process({ target: playWith, args: [there, role] });
    process.start();
    there.close();
    return await Promise.resolve({
      connection: here as Connection,
      process: process as unknown as Process,
    });
  },
});
