/**
 * The keys of the managers that this process has to do with. Processes that it
 * starts have them too, so that they can use what they are sent of those: a key is
 * in no message.
 */

import { type Address, nameOf, type TlsOptions } from "../pipe/address.ts";
import { type ManagerKey, self } from "./identity.ts";

/** The keys at each address, the latest last; one that the parent had is the first. */
const keysAt = new Map<string, Set<ManagerKey>>();

/**
 * From now on processes that are started know how to connect there, until what is
 * returned is called. Twice does nothing new.
 */
export function rememberManager(
  address: Address,
  authkey: Uint8Array,
  { caCerts, hostname }: TlsOptions = {},
): () => void {
  const { managers } = self();
  const name = nameOf(address);
  const key: ManagerKey = { authkey, caCerts, hostname };
  const inherited = managers.get(name);
  const keys = keysAt.get(name) ?? new Set(inherited && [inherited]);
  keysAt.set(name, keys.add(key));
  managers.set(name, key);
  return () => {
    if (!keys.delete(key)) return;
    const latest = [...keys].at(-1);
    if (latest !== undefined) return void managers.set(name, latest);
    managers.delete(name);
    keysAt.delete(name);
  };
}

/** How to connect to a manager; by default with this family's key. */
export function knownManager(address: Address): ManagerKey {
  return self().managers.get(nameOf(address)) ??
    { authkey: self().authkey, caCerts: undefined, hostname: undefined };
}
