/** A manager that is served here, and used as from elsewhere. */

import { Manager, parentProcess } from "@multi/processing";

/** Of this program; in the processes that it starts there is none. */
export async function managedHere(): Promise<Manager> {
  const address = ["127.0.0.1", 0] as const;
  if (parentProcess() !== null) return new Manager({ address });
  const server = new Manager({ address });
  await server.serve();
  const client = new Manager({ address: server.address });
  await client.connect();
  return client;
}
