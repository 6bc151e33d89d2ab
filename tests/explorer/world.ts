/**
 * Threads for the explorer: what protocols see of a member, with sleeps and deaths
 * that the explorer decides on. This file is rewritten as they are.
 */

import type { Arena } from "../../internal/memory/arena.ts";
import { SLOT_BYTES, SLOT_PAGES } from "../../internal/memory/layout.ts";

/** Becomes a `yield`: the explorer decides how it goes on; `true`: time ran out. */
declare function pause(sleep: unknown): boolean;

/** What is swept up after a death. */
interface Swept {
  sweep(sweeper: number, slot: number, owner: number): void;
}

/** What all threads of a scenario share beside the words of the protocol. */
export class World {
  readonly bells = [0, 0, 0, 0, 0, 0, 0, 0];
  readonly asleep = new Set<number>();
  /** Slots whose thread has died, and who sweeps up after it: -1, nobody yet. */
  readonly dead = new Map<number, number>();
  /** Slots that were swept up after. */
  readonly gone = new Set<number>();
  readonly objects: Swept[] = [];
  /** What `performance.now()` says. */
  now = 1;

  /** A thread dies where it is; what it was sweeping up is left to others. */
  die(slot: number): void {
    this.asleep.delete(slot);
    this.dead.set(slot, -1);
    for (const [other, sweeper] of this.dead) {
      if (sweeper === slot) this.dead.set(other, -1);
    }
  }

  /** Whether somebody has died whom nobody sweeps up after. */
  hasUnswept(): boolean {
    return [...this.dead.values()].includes(-1);
  }
}

/** How a thread sleeps at the word of a brief lock. */
class ExploredParking {
  readonly #world: World;
  readonly #arena: Arena | null;

  constructor(world: World, arena: Arena | null) {
    this.#world = world;
    this.#arena = arena;
  }

  sleep(offset: number, value: number): void {
    const words = this.#arena!.ints(offset, 4);
    const { dead, gone } = this.#world;
    const owner = value & 1023;
    // Whoever looks now and then finds nothing new before that.
    pause({
      isOver: () => words[0] !== value || dead.has(owner) || gone.has(owner),
    });
  }

  wake(): void {}
}

/** A thread. */
export class ExploredMember {
  readonly world: World;
  readonly slot: number;
  readonly id: number;
  readonly pid: number;
  readonly arena: Arena | null;
  readonly parking: ExploredParking;

  constructor(world: World, slot: number, arena: Arena | null = null) {
    this.world = world;
    this.pid = 1000 + slot;
    this.arena = arena;
    this.parking = new ExploredParking(world, arena);
    this.slot = slot;
    this.id = slot | 1 << 10;
  }

  get slotsTop(): number {
    return this.world.bells.length;
  }

  /** It sleeps nowhere but in the explorer, which looks at what is left itself. */
  tidyBy(): void {}

  handOf(slot: number): number {
    return SLOT_PAGES + slot * SLOT_BYTES + 12;
  }

  readBell(): number {
    return this.world.bells[this.slot]! * 8;
  }

  ring(slot: number): void {
    this.world.bells[slot]!++;
  }

  sleeps(slot: number): boolean {
    return this.world.asleep.has(slot);
  }

  isAlive(owner: number): boolean {
    return this.ownerOf(owner & 1023) === owner;
  }

  ownerOf(slot: number): number {
    const { dead, gone } = this.world;
    return dead.has(slot) || gone.has(slot) ? 0 : slot | 1 << 10;
  }

  sleep(bell: number, ms: number): void {
    const { world, slot } = this;
    world.asleep.add(slot);
    const isLate = pause({
      isOver: () => world.bells[slot]! * 8 !== bell || world.hasUnswept(),
      mayEnd: ms !== Infinity,
    });
    world.asleep.delete(slot);
    if (isLate) world.now += 1e6;
    this.sweepDead();
  }

  sweepDead(): void {
    const { world } = this;
    for (const slot of [...world.dead.keys()]) {
      if (world.dead.get(slot) !== -1) continue;
      world.dead.set(slot, this.slot);
      for (const object of world.objects) {
        object.sweep(this.slot, slot, slot | 1 << 10);
      }
      world.dead.delete(slot);
      world.gone.add(slot);
      for (let slot = 0; slot < world.bells.length; slot++) this.ring(slot);
    }
  }
}
