/**
 * Kills a thread at every step of what it does to shared memory.
 *
 * The thread is a member of its own of an arena of this thread. It dies before one
 * of its writes (all that matter are made by `Atomics`): that and all further ones
 * do not happen, and an exception carries the code out.
 */

import { assertEquals } from "@std/assert";
import { DIED, lifeIndex } from "../../internal/memory/lives.ts";
import { Member } from "../../internal/memory/member.ts";
import { type SharedObject, Space } from "../../internal/memory/objects.ts";
import { sweepPins } from "../../internal/memory/pins.ts";
import { newArena } from "../explorer/small_arena.ts";

const WRITES = [
  "add",
  "and",
  "compareExchange",
  "exchange",
  "or",
  "store",
  "sub",
] as const;

/** Some shared memory, of nobody else. */
export class Laboratory {
  readonly #arena = newArena();
  /** The one who lives. */
  readonly space: Space = this.enter();

  /** A new member of the arena, who sweeps up after others. */
  enter(): Space {
    const space = new Space(Member.join(this.#arena));
    this.#sweepBy(space);
    return space;
  }

  #sweepBy(space: Space): void {
    space.member.sweepBy((slot, owner) => {
      space.sweepTable(slot, owner);
      sweepPins(space, owner);
      space.sweepObjects(slot, owner);
      space.sweepHand(slot);
    });
  }

  /** How many bytes are taken. */
  taken(): number {
    return this.space.allocator.taken();
  }

  /** Checks that a block is taken just if one word owns it. */
  audit(before: number, owned: readonly number[], message: string): void {
    assertEquals(new Set(owned).size, owned.length, message);
    const { allocator } = this.space;
    const sizes = owned.map((pointer) => allocator.sizeOf(pointer));
    const sum = sizes.reduce((sum, size) => sum + size, 0);
    assertEquals(this.taken() - before, sum, message);
  }

  /** The object as another member sees it, who holds it. */
  open(object: SharedObject, space: Space): SharedObject {
    const found = space.find(object.index, object.uid)!;
    found.hold(0);
    return found;
  }

  /**
   * Has somebody do something, who dies before that write; then sweeps up, after
   * somebody else has come across what was left.
   *
   * @returns Whether it died: at some number of writes it has done all.
   */
  kill(
    write: number,
    act: (space: Space) => void,
    comeAcross: () => void = () => {},
  ): boolean {
    const victim = this.enter();
    const isDead = dieAt(write, () => act(victim));
    this.#die(victim);
    comeAcross();
    this.space.member.sweepDead();
    return isDead;
  }

  /** The same; and who sweeps up first dies before that write of its own. */
  killBoth(
    write: number,
    act: (space: Space) => void,
    sweepersWrite: number,
  ): boolean {
    const victim = this.enter();
    const isDead = dieAt(write, () => act(victim));
    const sweeper = new Space(Member.join(this.#arena));
    this.#die(victim);
    dieAt(sweepersWrite, () => this.#sweepBy(sweeper));
    this.#die(sweeper);
    this.#die(victim);
    this.space.member.sweepDead();
    return isDead;
  }

  /** As the kernel does: it marks the lives of all that a dead thread has locked. */
  #die({ member }: Space): void {
    const { lives } = this.#arena;
    const index = lifeIndex(member.slot);
    if (lives[index] !== 0) Atomics.or(lives, index, DIED);
  }
}

class Death extends Error {}

function dieAt(write: number, act: () => void): boolean {
  const genuine = WRITES.map((name) => [name, Atomics[name]] as const);
  let writes = 0;
  for (const [name, fn] of genuine) {
    Object.assign(Atomics, {
      [name]: (...args: unknown[]) => {
        if (++writes >= write) throw new Death();
        return (fn as (...args: unknown[]) => unknown)(...args);
      },
    });
  }
  try {
    act();
  } catch (error) {
    if (!(error instanceof Death)) throw error;
  } finally {
    Object.assign(Atomics, Object.fromEntries(genuine));
  }
  return writes >= write;
}
