/** When garbage is collected for memory whose views the collector takes for small. */

import { assertEquals } from "@std/assert";
import vm from "node:vm";
import { countClosed, countView } from "../../internal/memory/garbage.ts";
import { breathe } from "../../internal/turn.ts";
import { until } from "../support/until.ts";

const MUCH = 2 ** 26;

Deno.test("garbage is collected where much may be free", async (t) => {
  const { runInNewContext } = vm;
  let tries = 0;
  let times = 0;
  // As where another thread clears the flag of the process, and once it does not.
  vm.runInNewContext = () => {
    if (++tries === 1) throw new ReferenceError("gc is not defined");
    return () => times++;
  };
  /** Garbage is collected now, for the so manieth time. */
  const isCollected = async (time: number) => {
    await until(() => times >= time);
    for (let i = 0; i < 20; i++) await breathe();
    assertEquals(times, time);
  };

  await t.step("also if the collector was not had at first", async () => {
    const first = {};
    countView(first, MUCH);
    countClosed(first, MUCH);
    await until(() => tries === 1);
    for (let i = 0; i < 20; i++) await breathe();
    const second = {};
    countView(second, MUCH);
    countClosed(second, MUCH);
    await isCollected(1);
    assertEquals(tries, 2);
  });

  await t.step("not for what is in use, but when that is closed", async () => {
    const core = {};
    countView(core, 10 * MUCH);
    await isCollected(1);
    countView({}, 1);
    await isCollected(2);
    countClosed(core, 10 * MUCH); // it was in use when garbage was collected
    await isCollected(3);
  });

  await t.step("once for memory that is closed at once", async () => {
    for (let i = 0; i < 63; i++) {
      const core = {};
      countView(core, MUCH / 64);
      countClosed(core, MUCH / 64);
    }
    await isCollected(3);
    const last = {};
    countView(last, MUCH / 64);
    countClosed(last, MUCH / 64);
    await isCollected(4);
  });

  await t.step("for what was forgotten", async () => {
    for (let i = 0; i < 3; i++) {
      countView({}, MUCH);
      await isCollected(4 + i);
    }
  });

  vm.runInNewContext = runInNewContext;
});
