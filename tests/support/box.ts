/** A shared class for tests, of which other processes can have proxies only. */

import { TimeoutError } from "../../errors.ts";
import { currentContext } from "../../internal/context.ts";
import { callWaiting, type Remote } from "../../internal/travel/remote.ts";
import type { SharedClass } from "../../internal/travel/service.ts";
import { registerShared } from "../../internal/travel/shared_class.ts";
import { note } from "../../internal/wire/envelope.ts";
import { programHolder } from "../../internal/travel/hold_program.ts";
import {
  holdsProgram,
  TIMED_OUT,
  waitFor,
  type WaitOptions,
} from "../../internal/wait.ts";

/** Those that were sent within this process: they have no memory that is shared. */
const boxes: Box[] = [];
let newBox: (remote: Remote) => Box;
let boxClass: SharedClass<object>;

/** The class of boxes, as connections know it. */
export function sharedBox(): SharedClass<object> {
  return boxClass;
}

/** A box with room for one value, which one can lock. */
export class Box {
  #remote: Remote | null = null;
  #items: unknown[] = [];
  #takers: ((item: unknown) => void)[] = [];
  #owner: object | null = null;
  #depth = 0;

  /** What has happened that nobody else can see. */
  readonly events: string[] = [];
  readonly label: string;
  /** What it gives to those who ask for that. */
  given: unknown;

  constructor(label = "box") {
    this.label = label;
  }

  async put(item: unknown): Promise<void> {
    if (this.#remote) {
      await this.#remote.call("put", [item]);
      return;
    }
    const taker = this.#takers.shift();
    if (taker) taker(item);
    else this.#items.push(item);
  }

  /** Takes the first item, or waits for one. */
  async take(options: WaitOptions = {}): Promise<unknown> {
    if (this.#remote) {
      return await callWaiting(this.#remote, "take", [], options, (error) => {
        throw error;
      });
    }
    if (this.#items.length > 0) return this.#items.shift();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    let isGiven = false;
    const take = (item: unknown) => {
      isGiven = true;
      resolve(item);
    };
    this.#takers.push(take);
    this.events.push("waits");
    const hold = programHolder();
    hold(holdsProgram(options.signal));
    try {
      const item = await waitFor(promise, options);
      if (item === TIMED_OUT) throw new TimeoutError("nothing came");
      return item;
    } catch (error) {
      if (isGiven) return await promise; // in the very moment of the abort
      throw error;
    } finally {
      hold(false);
      const index = this.#takers.indexOf(take);
      if (index >= 0) this.#takers.splice(index, 1);
      this.events.push("waits no more");
    }
  }

  async size(): Promise<number> {
    if (this.#remote) return await this.#remote.call("size", []) as number;
    return this.#items.length;
  }

  /** Enters it as the current owner; `false`: another one is in it. */
  async enter(): Promise<boolean> {
    if (this.#remote) return await this.#remote.call("enter", []) as boolean;
    const { owner } = currentContext();
    if (this.#owner !== null && this.#owner !== owner) return false;
    this.#owner = owner;
    this.#depth++;
    return true;
  }

  async leave(): Promise<void> {
    if (this.#remote) {
      await this.#remote.call("leave", []);
      return;
    }
    if (this.#owner !== currentContext().owner) {
      throw new RangeError("Cannot leave a box that one is not in");
    }
    if (--this.#depth === 0) this.#owner = null;
  }

  get isEntered(): boolean {
    return this.#owner !== null;
  }

  get isRemote(): boolean {
    return this.#remote !== null;
  }

  /** For tests that call what must not be called. */
  get remote(): Remote {
    return this.#remote!;
  }

  async fail(): Promise<void> {
    if (this.#remote) {
      await this.#remote.call("fail", []);
      return;
    }
    throw Object.assign(new RangeError("it fails"), { code: 7 });
  }

  unserved(): string {
    return "secret";
  }

  close(): void {
    this.#remote?.release();
  }

  static {
    newBox = (remote) => {
      const box = new Box();
      box.#remote = remote;
      return box;
    };
    const shared: SharedClass<Box> = {
      name: "tests.Box",
      class: Box,
      encode: (box) => {
        note({ key: "box", pin: null });
        const index = boxes.includes(box)
          ? boxes.indexOf(box)
          : boxes.push(box) - 1;
        return [index, 0, 0, 0];
      },
      decode: ([index]) => boxes[index]!,
      remoteOf: (box) => box.#remote,
      fromRemote: (remote, label) =>
        Object.assign(newBox(remote), { label: `remote ${label}` }),
      service: {
        methods: ["put", "size", "enter", "leave", "fail"],
        waiting: ["take"],
        special: {
          odd: () => Symbol("cannot be sent"),
          echo: (_box, args) => args[0],
          given: (box) => box.given,
        },
        describe: ({ label }) => label,
        giveBack: {
          take: (box, item) => {
            box.events.push("given back");
            box.#items.unshift(item);
          },
        },
        gone: (box, owner) => {
          if (box.#owner !== owner) return;
          box.events.push("abandoned");
          box.#owner = null;
          box.#depth = 0;
        },
        holds: (box, owner) => box.#owner === owner,
      },
    };
    registerShared(shared);
    boxClass = shared as unknown as SharedClass<object>;
  }
}
