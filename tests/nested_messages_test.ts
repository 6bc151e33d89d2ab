/** What users' code sends and receives while a message of theirs is written or read. */

import { assertEquals, assertInstanceOf } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import {
  Lock,
  Manager,
  Queue,
  registerClass,
  SharedDict,
} from "@multi/processing";
import { forStrangers, sharesMemory } from "../internal/travel/route.ts";
import { decode } from "../internal/wire/decode.ts";
import { encode } from "../internal/wire/encode.ts";
import { pack } from "../internal/wire/parcels.ts";
import { nothingLeft } from "./support/nothing_left.ts";

nothingLeft();

let onRead = () => {};

/** Does something when it is read. */
class Reader {
  static {
    registerClass(Reader, {
      name: "nested_messages_test.Reader",
      encode: () => null,
      decode() {
        onRead();
        return new Reader();
      },
    });
  }
}

/** A value that does something when it is written. */
function writing(work: () => unknown): { done: unknown } {
  return {
    get done() {
      return work();
    },
  };
}

let passedOn = 0;

/** Puts an object of this thread's where only its own memory is, and gets it. */
function passOn(): void {
  using queue = new Queue<Lock>();
  using dict = new SharedDict<Lock>();
  queue.putSync(new Lock());
  const lock = queue.getSync({ timeout: 0 });
  dict.set("lock", lock);
  assertInstanceOf(dict.get("lock"), Lock);
  passedOn++;
}

describe("within a message to a manager", () => {
  let manager: Manager;

  beforeAll(async () => {
    manager = new Manager();
    await manager.start();
  });
  afterAll(() => manager.shutdown());

  it("objects in memory are sent and received", async () => {
    using dict = await manager.dict<unknown>();
    const value = writing(() => {
      passOn();
      return "passed on";
    });
    await dict.set("value", value);
    assertEquals(await dict.get("value"), { done: "passed on" });
  });

  it("they are, when it is read", async () => {
    using dict = await manager.dict<unknown>();
    await dict.set("reader", new Reader());
    const before = passedOn;
    onRead = passOn;
    assertInstanceOf(await dict.get("reader"), Reader);
    assertEquals(passedOn, before + 1);
  });

  it("what goes to a manager goes there", async () => {
    using dict = await manager.dict<unknown>();
    using queue = await manager.queue<unknown>();
    const put: Promise<void>[] = [];
    await dict.set(
      "value",
      writing(() => {
        put.push(queue.put({ dict }));
        return dict;
      }),
    );
    await Promise.all(put);
    const { done } = await dict.get("value") as { done: typeof dict };
    using same = done;
    const sent = await queue.get() as { dict: typeof dict };
    using other = sent.dict;
    assertEquals(await same.has("value"), true);
    assertEquals(await other.has("value"), true);
  });
});

describe("within a message to strangers", () => {
  it("objects in memory are sent and received", () => {
    onRead = passOn;
    const before = passedOn;
    const bytes = forStrangers(() => encode([writing(passOn), new Reader()]));
    forStrangers(() => decode(bytes));
    assertEquals(passedOn, before + 2);
  });

  it("what follows goes to strangers again", () => {
    const seen: boolean[] = [];
    const see = () => void seen.push(sharesMemory());
    forStrangers(() => {
      encode(writing(() => void encode(writing(see))));
      encode(writing(see));
    });
    encode(writing(see));
    assertEquals(seen, [true, false, true]);
  });
});

describe("within a message", () => {
  it("objects are not held for that one", () => {
    const { pins } = pack(writing(() => void encode(new Lock())));
    assertEquals(pins, null);
  });
});
