import {
  type Address,
  connect,
  type Connection,
  Listener,
  Process,
  type TlsOptions,
} from "@multi/processing";
import { playAt } from "../fixtures/connection_roles.ts";
import { certificate } from "../support/certificate.ts";
import { connectionConformance } from "./connections.ts";

interface Way {
  readonly name: string;
  address(): Address;
  readonly tls?: TlsOptions;
}

const WAYS: Way[] = [
  {
    name: "a unix socket",
    address: () => `${Deno.makeTempDirSync()}/socket`,
  },
  { name: "TCP", address: () => ["127.0.0.1", 0] },
  { name: "TLS", address: () => ["127.0.0.1", 0], tls: certificate },
];

function remove(address: Address): void {
  if (typeof address !== "string") return;
  Deno.removeSync(address.slice(0, address.lastIndexOf("/")));
}

for (const { name, address, tls } of WAYS) {
  connectionConformance({
    name,
    isAnother: name !== WAYS[0]!.name,
    blocks: false,
    async pair(): Promise<[Connection, Connection]> {
      const listener = new Listener({ address: address(), tls });
      const [here, there] = await Promise.all([
        connect(listener.address, { tls }),
        listener.accept(),
      ]);
      listener.close();
      remove(listener.address);
      return [here, there];
    },
    async play(role) {
      // The process has no way of its own to the certificate.
      const at = tls ? ["127.0.0.1", 0] as const : address();
      const listener = new Listener({ address: at });
      const process = new Process({
        target: playAt,
        args: [listener.address, role],
      });
      process.start();
      const connection = await listener.accept();
      listener.close();
      remove(listener.address);
      return { connection, process: process as unknown as Process };
    },
  });
}
