import type { Imported } from "./imports.ts";
import { type Relay, released } from "./remote.ts";

/** What objects that are elsewhere need of the connection to there. */
export interface Connector {
  /** Calls a method; `holder` is not collected before the answer. */
  call(
    holder: object,
    object: number,
    method: string,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
    limit: number | undefined,
  ): Promise<unknown>;
  tell(object: number, method: string, args: readonly unknown[]): void;
  /** Ends the calls that `holder` waits for, and lets go of what it stands for. */
  letGo(holder: object, imported: Imported): void;
  giveBack(object: number, method: string, result: unknown): void;
  gone(owner: object): void;
  locate(remote: RemoteObject): unknown;
  whereabouts(remote: RemoteObject): unknown;
  meet(remote: RemoteObject): unknown;
}

/** An object at the other end of a connection. */
export class RemoteObject implements Relay {
  readonly connector: Connector;
  readonly description: unknown;
  /** How often it came, and what stands for it here. */
  readonly imported: Imported;

  constructor(connector: Connector, imported: Imported, description: unknown) {
    this.connector = connector;
    this.description = description;
    this.imported = imported;
  }

  /** Its id there; -1: it was let go of. */
  get id(): number {
    return this.imported.released ? -1 : this.imported.id;
  }

  call(
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
    limit?: number,
  ): Promise<unknown> {
    const { id } = this;
    if (id === -1) {
      return Promise.reject(released(method));
    }
    return this.connector.call(this, id, method, args, signal, limit);
  }

  tell(method: string, args: readonly unknown[]): void {
    const { id } = this;
    if (id === -1) throw released(method);
    this.connector.tell(id, method, args);
  }

  get isReleased(): boolean {
    return this.imported.released;
  }

  release(): void {
    this.connector.letGo(this, this.imported);
  }

  giveBack(method: string, result: unknown): void {
    const { id } = this;
    if (id !== -1) this.connector.giveBack(id, method, result);
  }

  itself(): this {
    return this;
  }

  gone(owner: object): void {
    this.connector.gone(owner);
  }

  locate(): unknown {
    return this.connector.locate(this);
  }

  whereabouts(): unknown {
    return this.connector.whereabouts(this);
  }

  meet(): unknown {
    return this.connector.meet(this);
  }
}
