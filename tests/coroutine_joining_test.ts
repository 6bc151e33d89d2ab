import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  type Ended,
  getcurrent,
  type Greenlet,
  iwait,
  joinall,
  killall,
  ProcessError,
  sleep,
  spawn,
} from "@multi/processing";
import { nothingLeft } from "./support/nothing_left.ts";

nothingLeft();

/** A coroutine that ends when it is told to. */
function endless(): [greenlet: Greenlet<void>, end: () => void] {
  const { promise, resolve } = Promise.withResolvers<void>();
  return [spawn(() => promise), resolve];
}

/** Whether these are the same greenlets: by identity, all look alike. */
function assertSame(actual: unknown[], expected: unknown[]): void {
  assertEquals(actual.length, expected.length);
  for (const [i, greenlet] of actual.entries()) {
    assertStrictEquals(greenlet, expected[i]);
  }
}

const fail = (message: string) => {
  throw new RangeError(message);
};

describe("joinall()", () => {
  it("gives all, in the order in which they end", async () => {
    const [a, endA] = endless();
    const [b, endB] = endless();
    const c = spawn(() => "c");
    await c;
    const joined = joinall([a, b, c]);
    endB();
    await b;
    endA();
    assertSame(await joined, [c, b, a]);
    assertSame(await joinall([]), []);
  });

  it("keeps the greenlets' type", async () => {
    const greenlets = await joinall([spawn(() => 1), spawn(() => 2)]);
    const sum: number = greenlets.reduce((sum, { value }) => sum + value!, 0);
    assertEquals(sum, 3);
  });

  it("gives those that have ended in time", async () => {
    const [slow, end] = endless();
    const quick = spawn(() => {});
    assertSame(await joinall([slow, quick], { timeout: 1 }), [quick]);
    assertSame(await joinall([slow, quick], { timeout: 0 }), [quick]);
    end();
    assertSame(await joinall([slow, quick]), [quick, slow]);
  });

  it("gives as many as are asked for", async () => {
    const [slow, end] = endless();
    const quick = [spawn(() => 1), spawn(() => 2)];
    assertEquals(
      await joinall([slow, ...quick], { count: 1 }),
      quick.slice(0, 1),
    );
    assertSame(await joinall([slow, ...quick], { count: 2 }), quick);
    assertSame(await joinall([slow, ...quick], { count: 0 }), []);
    end();
    assertEquals((await joinall([slow, ...quick], { count: 9 })).length, 3);
    for (const count of [-1, 1.5, NaN]) {
      await assertRejects(
        () => joinall(quick, { count }),
        RangeError,
        '"count" must be an integer >= 0',
      );
    }
    for (const count of ["1", null]) {
      await assertRejects(
        () => joinall(quick, { count: count as never }),
        TypeError,
        '"count" must be a number',
      );
    }
  });

  it("takes each once", async () => {
    const greenlet = spawn(() => sleep(1));
    assertSame(await joinall([greenlet, greenlet]), [greenlet]);
    assertSame(await joinall([greenlet, greenlet]), [greenlet]);
  });

  it("throws the first error, at once, if it is to", async () => {
    const [slow, end] = endless();
    const failing = spawn(fail, "first");
    await assertRejects(
      () => joinall([slow, failing], { raiseError: true }),
      RangeError,
      "first",
    );
    assertEquals(slow.ready(), false);
    assertSame(await joinall([failing]), [failing]);
    end();
    const killed = spawn(() => {});
    void killed.kill();
    await joinall([slow, killed], { raiseError: true }); // which is no error
  });

  it("ends with its signal, and leaves them running", async () => {
    const [greenlet, end] = endless();
    const controller = new AbortController();
    const joined = joinall([greenlet], { signal: controller.signal });
    controller.abort(new Error("enough"));
    await assertRejects(() => joined, Error, "enough");
    end();
    await greenlet;
  });

  it("refuses what is no greenlet, and the one that calls it", async () => {
    await assertRejects(
      () => joinall([Promise.resolve() as never]),
      TypeError,
      "as one is no Greenlet: current value is Promise",
    );
    for (const join of [joinall, killall]) {
      await assertRejects(
        async () => await join(null as never),
        TypeError,
        '"list" must be iterable',
      );
      await assertRejects(
        async () => await join([null as never]),
        TypeError,
        "as one is no Greenlet: current value is null",
      );
    }
    const greenlet = spawn(async () => {
      await joinall([spawn(() => {}), getcurrent()!]);
    });
    await assertRejects(() => greenlet.get(), ProcessError, "in itself");
  });

  it("waits for 1,000 that end at any time", async () => {
    const greenlets = Array.from(
      { length: 1000 },
      (_, i) => spawn(() => sleep(i % 7)),
    );
    assertEquals((await joinall(greenlets)).length, 1000);
  });
});

describe("iwait()", () => {
  it("gives them as they end", async () => {
    const [a, endA] = endless();
    const [b, endB] = endless();
    const seen: Ended<Greenlet>[] = [];
    endB();
    for await (const greenlet of iwait([a, b])) {
      seen.push(greenlet);
      endA();
    }
    assertSame(seen, [b, a]);
  });

  it("gives the greenlet, not its result", async () => {
    const greenlet = spawn(() => 1);
    const iterator = iwait([greenlet]);
    const { value } = await iterator.next();
    assertStrictEquals(value, greenlet);
    assertEquals(await iterator.next(), { value: undefined, done: true });
    assertEquals(await iterator.next(), { value: undefined, done: true });
  });

  it("ends after as many as are asked for, or when the time is over", async () => {
    const [slow, end] = endless();
    const greenlets = [slow, spawn(() => {}), spawn(() => {})];
    let count = 0;
    for await (const _ of iwait(greenlets, { count: 1 })) count++;
    assertEquals(count, 1);
    for await (const _ of iwait(greenlets, { timeout: 1 })) count++;
    assertEquals(count, 3);
    end();
    await slow;
    assertThrows(() => iwait(greenlets, { timeout: -1 }), RangeError);
  });

  it("may be left early", async () => {
    const [slow, end] = endless();
    for await (const _ of iwait([slow, spawn(() => {})])) break;
    end();
    await slow;
  });

  it("gives to several who ask at once", async () => {
    const ends = Array.from({ length: 3 }, endless);
    const iterator = iwait(ends.map(([greenlet]) => greenlet));
    const asked = [iterator.next(), iterator.next(), iterator.next()];
    for (const [greenlet, end] of ends.toReversed()) {
      end();
      await greenlet;
    }
    const given = await Promise.all(asked);
    assertEquals(
      given.map(({ value }) => value),
      ends.map(([greenlet]) => greenlet).toReversed(),
    );
    assert((await iterator.next()).done);
  });

  it("ends with the kill of who waits", async () => {
    const [slow, end] = endless();
    const greenlet = spawn(async () => {
      for await (const _ of iwait([slow]));
    });
    await sleep(0);
    await killall([greenlet]);
    assertEquals(greenlet.exception?.name, "GreenletExit");
    end();
    await slow;
  });
});
