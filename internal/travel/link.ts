/** One end of a connection over which two processes use each other's objects. */

import { DataCloneError, EOFError, ProcessError } from "../../errors.ts";
import { UnknownClassError } from "../wire/classes.ts";
import { decode } from "../wire/decode.ts";
import { encode } from "../wire/encode.ts";
import { Unsendable } from "../wire/unsendable.ts";
import { type Exported, Exports } from "./exports.ts";
import { type Imported, Imports } from "./imports.ts";
import { IncomingCalls } from "./incoming_calls.ts";
import { OutgoingCalls } from "./outgoing_calls.ts";
import {
  Kind,
  type Message,
  readMessage,
  Whose,
  writeNumbers,
} from "./protocol.ts";
import { encodeBehind } from "./message_buffer.ts";
import { forgetAll, meetAgain } from "./meeting.ts";
import { carries } from "./methods.ts";
import { NoAnswerError, type Remote } from "./remote.ts";
import { type Connector, RemoteObject } from "./remote_object.ts";
import type { Limits, LinkOptions } from "./link_options.ts";
import {
  type Contents,
  type Findings,
  follow,
  type LinkEnd,
  over,
} from "./route.ts";
import type { SharedClass } from "./service.ts";
import type { Transport } from "./transport.ts";

const LIMITS: Limits = {
  maxMessageSize: 2 ** 30,
  maxCalls: 2 ** 16,
  maxObjects: 2 ** 20,
  maxBacklog: 2 ** 30,
};

/** A message, and the objects that were found in it already. */
interface Arrived extends Findings {
  readonly bytes: Uint8Array;
}

/** The ids of what both ends have from the beginning. */
const ROOT = 0;

/** One end. */
export class Link implements LinkEnd, Connector {
  readonly introduces: boolean;
  readonly #transport: Transport;
  readonly #options: LinkOptions;
  readonly #limits: Limits;
  readonly #exports: Exports;
  readonly #imports: Imports;
  readonly #outgoing: OutgoingCalls;
  readonly #incoming: IncomingCalls;
  /** What is in the message that is being written. */
  #sending: Exported[] | null = null;
  /** What is in the one that was written last. */
  #sent: readonly Exported[] = [];
  /** Whether nobody here has what is in a message. */
  #isGiven = false;
  /** What was found in the message that is being read. */
  #found: Findings | null = null;
  /** Messages that have to wait until modules are loaded. */
  #late: Arrived[] | null = null;
  /** For which kinds of classes modules were loaded. */
  readonly #loaded = new Set<UnknownClassError["kind"]>();
  #backlog = 0;
  #ended = false;

  constructor(transport: Transport, options: LinkOptions) {
    this.#transport = transport;
    this.#options = options;
    this.introduces = options.introduces ?? false;
    this.#limits = { ...LIMITS, ...options.limits };
    const post = this.#post.bind(this);
    const encodeBehind = this.#encodeBehind.bind(this);
    this.#exports = new Exports(this.#limits.maxObjects);
    this.#imports = new Imports(
      (imported, description) => new RemoteObject(this, imported, description),
      (shared, remote, at) =>
        at !== undefined && this.introduces
          ? follow(shared, at, remote)
          : remote,
      (id, count) => {
        this.#outgoing.whenQuiet(id, () => {
          if (!this.#ended) post(writeNumbers(Kind.RELEASE, id, count));
        });
      },
    );
    this.#outgoing = new OutgoingCalls({
      post,
      encodeBehind,
      encodeCall: this.#encodeCall.bind(this),
      waiting: (yes) => options.waiting?.(yes),
      trouble: (error) => options.trouble?.(error),
      moved: () => transport.moved ?? 0,
      noAnswer: (method) => new NoAnswerError(options.peer, method),
    });
    this.#incoming = new IncomingCalls({
      post,
      encodeBehind,
      sent: () => this.#sent,
      check: (value, root) => this.check(value, root),
      find: (id) => this.#exports.opened(id),
      trouble: (error) => options.trouble?.(error),
      most: this.#limits.maxCalls,
    });
    if (options.root) this.#exports.addRoot(ROOT, options.root);
    transport.onmessage = (bytes) => this.#take({ bytes, objects: null });
    transport.onclose = () => this.#end(null);
  }

  /** What the other end has as its root. */
  root(): Remote {
    const imported = { id: ROOT, released: false } as Imported;
    return new RemoteObject(this, imported, undefined);
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** How many objects of each end the other one uses, and calls are going on. */
  get sizes(): {
    exports: number;
    imports: number;
    outgoing: number;
    incoming: number;
  } {
    return {
      exports: this.#exports.size,
      imports: this.#imports.size,
      outgoing: this.#outgoing.size,
      incoming: this.#incoming.size,
    };
  }

  /** Resolves when all calls that were made by now have their answers. */
  answered(): Promise<unknown> {
    return this.#outgoing.answered();
  }

  /** Ends it: whoever waits for an answer gets an `EOFError`. */
  close(): void {
    this.#end(null);
  }

  encode(
    value: unknown,
    root: string,
    contents?: Contents,
  ): Uint8Array<ArrayBuffer> {
    return this.#write(contents, () => encode(value, root));
  }

  check(value: unknown, root: string, contents?: Contents): void {
    this.#write(contents, () => encode(value, root), false);
  }

  /** Writes a message; its head, of so many bytes, is left to the caller. */
  #encodeBehind(
    head: number,
    value: unknown,
    root: string,
    contents?: Contents,
    tell?: (bytes: number) => void,
  ): Uint8Array<ArrayBuffer> {
    return this.#write(contents, () => encodeBehind(head, value, root, tell));
  }

  /** Writes a call, which goes out only if it still may when it is written. */
  #encodeCall(
    head: number,
    args: readonly unknown[],
    check: () => void,
  ): Uint8Array<ArrayBuffer> {
    return this.#write("own", () => {
      const message = encodeBehind(head, args, "args");
      check();
      return message;
    });
  }

  /** What is in the message counts as sent then, if it is. */
  #write(
    contents: Contents = "own",
    write: () => Uint8Array<ArrayBuffer>,
    isSent = true,
  ): Uint8Array<ArrayBuffer> {
    const outer = this.#sending;
    const outerIsGiven = this.#isGiven;
    const sending: Exported[] | null = contents === "none" ? null : [];
    this.#sending = sending;
    this.#isGiven = contents === "given";
    try {
      const bytes = over(this, write);
      const { maxMessageSize } = this.#limits;
      if (bytes.length > maxMessageSize) {
        throw new RangeError(
          `Cannot send ${bytes.length} bytes at once to ${this.#options.peer} as at most ${maxMessageSize} are allowed: send them in parts`,
        );
      }
      if (isSent) {
        this.#sent = sending ?? [];
      } else if (sending !== null) this.#keep(sending);
      return bytes;
    } catch (error) {
      if (sending !== null) this.#keep(sending);
      throw error;
    } finally {
      this.#sending = outer;
      this.#isGiven = outerIsGiven;
    }
  }

  /** A message with these objects does not go out. */
  #keep(sending: readonly Exported[]): void {
    for (const exported of this.#exports.kept(sending)) {
      if (exported.original !== null) this.#incoming.leave(exported);
    }
  }

  /**
   * Reads a value that the other end has written. A message that has to be read
   * again is to be read with what was found before: what is in it came only once.
   */
  decode(bytes: Uint8Array, found: Findings = { objects: null }): unknown {
    const outer = this.#found;
    this.#found = found;
    try {
      return over(this, () => decode(bytes));
    } finally {
      this.#found = outer;
    }
  }

  send(
    shared: SharedClass<object>,
    object: object,
    standsFor: Remote | null,
  ): unknown {
    const remote = standsFor?.itself() ?? null;
    if (remote instanceof RemoteObject && remote.connector === this) {
      return [Whose.YOURS, remote.id];
    }
    if (this.#ended) throw this.#eof("send an object to");
    if (this.#sending === null) {
      throw new Unsendable(
        "an object that was made in a process without --allow-ffi ends with it; make it in the parent process, and pass it on as an argument",
      );
    }
    // What stands for an object elsewhere may be somebody's here.
    const isGiven = this.#isGiven && remote === null;
    const exported = this.#exports.offer(shared, object, remote, isGiven);
    if (!this.#sending.includes(exported)) {
      this.#sending.push(exported);
      exported.count++;
    }
    const description = remote === null
      ? shared.service!.describe?.(object)
      : remote.description;
    const at = this.introduces ? standsFor?.whereabouts() : null;
    if (at != null) return [Whose.MINE, exported.id, description, at];
    return description === undefined
      ? [Whose.MINE, exported.id]
      : [Whose.MINE, exported.id, description];
  }

  receive(shared: SharedClass<object>, data: unknown): object {
    const [whose, id, description, at] = Array.isArray(data) ? data : [];
    let object: object | undefined;
    if (whose === Whose.YOURS) {
      const exported = this.#exports.get(id);
      if (exported?.shared === shared) object = this.#homeOf(exported);
    } else if (whose === Whose.MINE && Number.isInteger(id) && id > 0) {
      if (this.#ended) throw this.#eof("receive an object from");
      const objects = this.#found!.objects ??= new Map();
      object = objects.get(id) ?? this.#takeHere(shared, id) ??
        this.#imports.receive(shared, id, description, at);
      objects.set(id, object);
    }
    if (object !== undefined) return object;
    throw new DataCloneError(
      `Cannot read this message: a ${shared.name} in it is no more`,
    );
  }

  /** What this end has sent by that id. */
  sent(id: number): Exported | undefined {
    return this.#exports.get(id);
  }

  /** What somebody gets of the other end's own object where that end is here, too. */
  #takeHere(shared: SharedClass<object>, id: number): object | null {
    const exported = this.#options.sentHere?.(id);
    if (exported?.shared !== shared || exported.remote !== null) return null;
    this.#post(writeNumbers(Kind.RELEASE, id, 1));
    return this.#itselfOf(exported);
  }

  /** What somebody here gets of an object that has come home. */
  #homeOf(exported: Exported): object {
    const { shared, original } = exported;
    if (original !== null && !shared.isClosed!(original)) return original;
    return this.#itselfOf(exported);
  }

  #itselfOf({ shared, object, remote }: Exported): object {
    const isKept = remote === null && !this.#found!.isCarried;
    if (isKept && shared.another !== undefined) return shared.another(object);
    return shared.home?.(object) ?? object;
  }

  call(
    holder: object,
    object: number,
    method: string,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
    limit: number | undefined,
  ): Promise<unknown> {
    return this.#outgoing.call(holder, object, method, args, signal, limit);
  }

  tell(object: number, method: string, args: readonly unknown[]): void {
    this.#outgoing.tell(object, method, args);
  }

  giveBack(object: number, method: string, result: unknown): void {
    if (!this.#ended) this.#outgoing.giveBack(object, method, result);
  }

  gone(owner: object): void {
    this.#outgoing.gone(owner);
  }

  /**
   * What stands for one of the other end's objects that has just come, and is
   * shared with nobody who has it by another message; `null`: it is none of those.
   */
  apart(shared: SharedClass<object>, object: object): object | null {
    const remote = shared.remoteOf(object);
    if (!(remote instanceof RemoteObject) || remote.connector !== this) {
      return null;
    }
    return this.#imports.apart(shared, remote.imported, remote.description);
  }

  letGo(holder: object, imported: Imported): void {
    if (imported.released) return;
    this.#outgoing.leave(holder);
    this.#imports.release(imported);
  }

  locate(remote: RemoteObject): unknown {
    return this.whereabouts(remote) ?? this.meet(remote);
  }

  meet(remote: RemoteObject): unknown {
    return meetAgain(this, remote.id, remote.imported.object.deref()!);
  }

  whereabouts(remote: RemoteObject): unknown {
    const object = remote.imported.object.deref()!;
    return this.#options.locate?.(object, remote) ?? null;
  }

  #take(arrived: Arrived): void {
    if (this.#ended) return;
    if (this.#late !== null) {
      this.#late.push({ ...arrived, bytes: arrived.bytes.slice() });
      return;
    }
    try {
      this.#handle(readMessage(arrived.bytes), arrived);
    } catch (error) {
      this.#end(error as Error);
    }
  }

  #handle(message: Message, arrived: Arrived): void {
    switch (message.kind) {
      case Kind.CALL:
        arrived.isCarried = this.#carries(message.object);
        return this.#read(
          arrived,
          message.body,
          (args, error) =>
            error === undefined
              ? this.#incoming.call(message, args)
              : this.#incoming.fail(message.call, error),
        );
      case Kind.TELL:
        arrived.isCarried = this.#carries(message.object);
        return this.#read(arrived, message.body, (args, error) => {
          if (error !== undefined) this.#options.trouble?.(error);
          else this.#incoming.tell(message, args);
        });
      case Kind.RESULT:
        return this.#read(
          arrived,
          message.body,
          (value, error) =>
            error === undefined
              ? this.#outgoing.succeed(message.call, value, message.body.length)
              : this.#outgoing.fail(message.call, error),
        );
      case Kind.ERROR:
        return this.#read(
          arrived,
          message.body,
          (thrown, error) => this.#outgoing.fail(message.call, error ?? thrown),
        );
      case Kind.LONG:
        return this.#outgoing.expect(message.call, message.length);
      case Kind.CANCELLED:
        return this.#outgoing.cancelled(message.call);
      case Kind.CANCEL:
        return this.#incoming.cancel(message.call);
      case Kind.ABANDON:
        return this.#incoming.abandon(message.call);
      case Kind.GIVE_BACK:
        return this.#read(arrived, message.body, (value, error) => {
          if (error !== undefined) this.#options.trouble?.(error);
          else this.#incoming.takeBack(message, value);
        });
      case Kind.RELEASE:
        return this.#release(message.object, message.count);
      case Kind.FORGET:
        return this.#incoming.forget(message.owner);
      case Kind.DEAD:
        return this.#incoming.die(message.owner);
    }
  }

  /**
   * Reads a value, and calls back with it, or with why it cannot be read; maybe
   * later, when the modules are loaded that it needs.
   */
  #read(
    arrived: Arrived,
    body: Uint8Array,
    callback: (value: unknown, error?: unknown) => void,
  ): void {
    let value: unknown;
    try {
      value = this.decode(body, arrived);
    } catch (error) {
      if (this.#loads(error, arrived)) return;
      return callback(undefined, error);
    }
    callback(value);
  }

  /** Whether it loads, once, what a message may need that cannot be read. */
  #loads(error: unknown, arrived: Arrived): boolean {
    if (!(error instanceof UnknownClassError)) return false;
    const { kind } = error;
    const { loadAll, loadClasses } = this.#options;
    const load = kind === "object" ? loadAll : loadClasses;
    if (load === undefined || this.#loaded.has(kind)) return false;
    this.#loaded.add(kind);
    this.#load(load, arrived);
    return true;
  }

  async #load(load: () => Promise<unknown>, first: Arrived): Promise<void> {
    this.#late = [{ ...first, bytes: first.bytes.slice() }];
    await load().catch(() => {}); // the error comes again
    const late = this.#late;
    this.#late = null;
    for (const arrived of late) this.#take(arrived);
  }

  #carries(id: number): boolean {
    const exported = this.#exports.get(id);
    return exported !== undefined && carries(exported);
  }

  #release(id: number, count: number): void {
    const exported = this.#exports.get(id);
    if (this.#exports.release(id, count)) this.#incoming.leave(exported!);
  }

  /**
   * @param failed Called if it cannot have arrived.
   * @returns Where it is not known to have gone: a promise for that.
   */
  #post(
    message: Uint8Array<ArrayBuffer>,
    failed?: () => void,
  ): void | Promise<void> {
    if (this.#ended) return failed?.();
    let sent: void | Promise<void>;
    try {
      sent = this.#transport.send(message);
    } catch (error) {
      failed?.();
      return this.#end(error as Error);
    }
    if (!(sent instanceof Promise)) return;
    const { length } = message;
    this.#backlog += length;
    sent.then(
      () => void (this.#backlog -= length),
      (error) => {
        failed?.();
        this.#end(error);
      },
    );
    if (this.#backlog > Math.max(this.#limits.maxBacklog, length)) {
      this.#end(new ProcessError("it does not read what it asked for"));
    }
    return sent;
  }

  #end(reason: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#transport.close();
    this.#outgoing.end((method) => this.#eof(`call ${method}() of`));
    this.#incoming.end();
    for (const exported of this.#exports.clear()) {
      this.#incoming.leave(exported);
    }
    forgetAll(this);
    this.#options.ended?.(reason);
  }

  #eof(what: string): EOFError {
    const { peer } = this.#options;
    return new EOFError(`Cannot ${what} ${peer} as the connection has ended`);
  }
}
