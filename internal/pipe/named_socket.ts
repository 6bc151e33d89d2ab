/** Names of unix sockets. */

/** A unix socket that listens. */
export interface NamedSocket {
  readonly listener: Deno.Listener;
  /** Whether its name is ours to remove, and not the runtime's. */
  readonly isNamed: boolean;
}

/**
 * Listens at a path that is free; else it is an `AddrInUse` error.
 *
 * The runtime removes the path that a socket was made with. It does so not when
 * that is closed, but when a pending `accept` has ended, later: by then another
 * socket of that name may be there. So the socket is made under another name,
 * and given the one that is wanted. That does not need to be removed by the
 * runtime, and whoever connects to it finds a socket that listens already.
 *
 * Where that is not possible, because the permissions are for that path only, or
 * the other name would be too long, it is made with its own name.
 */
export function openNamed(path: string): NamedSocket {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const other = `${folder}.${crypto.randomUUID().slice(0, 8)}`;
  let listener: Deno.Listener | undefined;
  try {
    listener = Deno.listen({ transport: "unix", path: other });
    Deno.linkSync(other, path);
    Deno.removeSync(other);
    return { listener, isNamed: true };
  } catch (error) {
    listener?.close(); // which removes its other name
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new Deno.errors.AddrInUse(error.message, { cause: error });
    }
    return {
      listener: Deno.listen({ transport: "unix", path }),
      isNamed: false,
    };
  }
}
