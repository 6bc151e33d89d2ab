/**
 * The keys of the managers that this process has to do with. Processes that it
 * starts have them too, so that they can use what they are sent of those: a key is
 * in no message.
 */

import { type Address, nameOf, type TlsOptions } from "../pipe/address.ts";
import { type ManagerKey, self } from "./identity.ts";

/** From now on processes that are started know how to connect there. */
export function rememberManager(
  address: Address,
  authkey: Uint8Array,
  { caCerts, hostname }: TlsOptions = {},
): void {
  self().managers.set(nameOf(address), { authkey, caCerts, hostname });
}

/** How to connect to a manager; by default with this family's key. */
export function knownManager(address: Address): ManagerKey {
  return self().managers.get(nameOf(address)) ??
    { authkey: self().authkey, caCerts: undefined, hostname: undefined };
}
