/** The memory of a family: who sees it, and that it goes with the family. */

import { assert, assertEquals } from "@std/assert";
import { deadline } from "@std/async";
import { describe, it } from "@std/testing/bdd";
import { ownHome } from "../../internal/memory/home.ts";
import { createArena } from "../../internal/memory/make_arena.ts";
import { Member } from "../../internal/memory/member.ts";
import { Space } from "../../internal/memory/objects.ts";
import { LOCK, LOCK_BYTES } from "../../internal/structure/lock.ts";
import { Mark } from "../support/mark.ts";
import { nothingLeft } from "../support/nothing_left.ts";
import { pathOf } from "../support/run.ts";
import { until, untilFile } from "../support/until.ts";

const LIMIT_MS = 20_000;
const MIB = 2 ** 20;

/** The memory of all processes that lies in no file (bytes). */
function sharedMemory(): number {
  const [, kib] = /^Shmem:\s+(\d+) kB$/m.exec(
    Deno.readTextFileSync("/proc/meminfo"),
  )!;
  return Number(kib) * 1024;
}

/** What the descriptors of a process lead to. */
function descriptors(pid: number): string[] {
  const paths: string[] = [];
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      paths.push(Deno.readLinkSync(`/proc/${pid}/fd/${name}`));
    } catch {
      // It was the folder's own.
    }
  }
  return paths;
}

describe("the memory of a family", {
  ignore: Deno.build.os !== "linux",
}, () => {
  nothingLeft();

  it("is not open in a user's own subprocesses", async () => {
    ownHome();
    assert(descriptors(Deno.pid).some((path) => path.includes("memfd")));
    const sleep = new Deno.Command("sleep", { args: ["1000"] }).spawn();
    await until(() => processName(sleep.pid) === "sleep");
    const open = descriptors(sleep.pid);
    sleep.kill("SIGKILL");
    await sleep.status;
    assertEquals(open.filter((path) => path.includes("memfd")), []);
  });

  it("goes when all who share it are killed", async () => {
    const folder = await Deno.makeTempDir();
    const files = ["process", "thread"].map((name) => `${folder}/${name}`);
    for (const file of files) await Deno.writeTextFile(file, "");
    const mark = new Mark();
    const before = sharedMemory();
    const program = new Deno.Command(Deno.execPath(), {
      args: ["run", "-qA", pathOf("tests/fixtures/shares_memory.ts"), folder],
      env: mark.env,
      stdin: "null",
    }).spawn();
    for (const file of files) await untilFile(file);
    assert(sharedMemory() > before + 64 * MIB, "it was not shared");
    for (const line of mark.alive()) {
      Deno.kill(parseInt(line), "SIGKILL");
    }
    await program.status;
    const gone = () =>
      mark.alive().length === 0 && sharedMemory() < before + 48 * MIB;
    await deadline(until(gone), LIMIT_MS);
    await Deno.remove(folder, { recursive: true });
  });
});

function processName(pid: number): string {
  return Deno.readTextFileSync(`/proc/${pid}/comm`).trim();
}

for (const kind of ["mapped", "shared"] as const) {
  describe(`an arena (${kind})`, {
    ignore: kind === "mapped" && Deno.build.os !== "linux",
  }, () => {
    it("hands out blocks that are disjoint, and loses none", () => {
      const member = Member.join(createArena(kind));
      const space = new Space(member);
      member.sweepBy(() => {});
      const { allocator, arena } = space;
      const owners = space.create(LOCK, 4 * 4096);
      const before = allocator.taken();
      const first = owners.offset + 2048;
      const blocks = new Map<number, number>();
      let seed = 1;
      const random = () =>
        (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) / 2 ** 31;
      for (let i = 0; i < 300_000; i++) {
        const owner = first + 4 * Math.floor(random() * 3000);
        if (blocks.has(owner)) {
          allocator.free(owner);
          blocks.delete(owner);
        } else {
          const bytes = 1 + Math.floor(random() ** 8 * 300_000);
          blocks.set(owner, allocator.allocate(bytes, owner, false));
        }
      }
      const spans = [...blocks.values()]
        .map((pointer) => [pointer * 64, allocator.sizeOf(pointer)] as const)
        .sort(([a], [b]) => a - b);
      let end = 0;
      let sum = 0;
      for (const [start, length] of spans) {
        assert(start >= end, "two blocks overlap");
        end = start + length;
        sum += length;
      }
      assertEquals(allocator.taken() - before, sum);
      for (const [owner, pointer] of blocks) {
        assertEquals(arena.ints(owner, 4)[0], pointer);
        allocator.free(owner);
      }
      assertEquals(allocator.taken(), before);
      owners.letGo(0);
      assertEquals(allocator.taken(), 0);
    });
  });
}

describe("an arena", () => {
  it("gives the slots of those who died to others", () => {
    const arena = createArena("shared");
    const survivor = Member.join(arena);
    const space = new Space(survivor);
    survivor.sweepBy((slot, owner) => {
      space.sweepTable(slot, owner);
      space.sweepObjects(slot, owner);
      space.sweepHand(slot);
    });
    const seen = new Set<number>();
    for (let i = 0; i < 3000; i++) {
      const member = Member.join(arena);
      const other = new Space(member);
      other.create(LOCK, LOCK_BYTES);
      assert(!seen.has(member.id), "two had the same name");
      seen.add(member.id);
      survivor.declareDead(member.id);
      assert(!survivor.isAlive(member.id));
    }
    assertEquals(space.allocator.taken(), 0);
  });
});
