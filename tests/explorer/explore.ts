/**
 * Tries the orders in which parties can take their steps, and the deaths that they
 * can die, up to a number of preemptions: most errors of concurrency need few
 * (Musuvathi and Qadeer, "Iterative context bounding", 2007).
 */

/** A party's next step: any value but a sleep is one that it can take at once. */
export interface Sleep {
  /** Whether it has been woken. */
  readonly isOver: () => boolean;
  /** Whether its time may run out, which the explorer then tries too. */
  readonly mayEnd?: boolean;
}

/** Who takes steps: a generator that yields before each. */
export interface Party {
  readonly name: string;
  readonly steps: Generator<unknown, unknown, unknown>;
  /** Called when the explorer kills it; absent: it is not killed. */
  readonly kill?: () => void;
}

/** One run of a scenario, which is made anew for each order. */
export interface Run {
  readonly parties: readonly Party[];
  /** After each step: throws if something is wrong. */
  invariant?(): void;
  /** At the end, when nobody can take a step any more: throws if something is wrong. */
  end(dead: ReadonlySet<string>, stuck: readonly string[]): void;
}

/** How much is tried. */
export interface Bounds {
  readonly preemptions: number;
  /** How many parties are killed, at every step that they may die at. */
  readonly kills?: number;
  /** No more schedules than these. */
  readonly most?: number;
}

/** What was chosen at a step: who goes on, or dies. */
interface Choice {
  readonly options: readonly string[];
  taken: number;
}

const MOST_STEPS = 5000;
/** How many of the last steps an error tells. */
const LAST = 30;

/** Explores a scenario; throws with the trace of the first order that is wrong. */
export function explore(
  scenario: () => Run,
  { preemptions, kills = 0, most = 100_000 }: Bounds,
): { schedules: number; complete: boolean } {
  const path: Choice[] = [];
  let schedules = 0;
  do {
    runOnce(scenario(), path, preemptions, kills);
    schedules++;
    while (
      path.length > 0 && path.at(-1)!.taken + 1 === path.at(-1)!.options.length
    ) {
      path.pop();
    }
    if (path.length === 0) return { schedules, complete: true };
    path.at(-1)!.taken++;
  } while (schedules < most);
  return { schedules, complete: false };
}

function runOnce(
  run: Run,
  path: Choice[],
  preemptions: number,
  kills: number,
): void {
  const trace: string[] = [];
  const last: string[] = [];
  const dead = new Set<string>();
  const done = new Set<string>();
  const sleeps = new Map<string, Sleep>();
  /** Whose time ran out, and nobody else has done anything since. */
  const idle = new Set<string>();
  const byName = new Map(run.parties.map((party) => [party.name, party]));
  let depth = 0;
  let current = run.parties[0]!.name;
  try {
    for (let steps = 0;; steps++) {
      if (steps > MOST_STEPS) throw new Error("it never ends");
      const awake: string[] = [];
      const asleep: string[] = [];
      for (const { name } of run.parties) {
        if (dead.has(name) || done.has(name)) continue;
        const sleep = sleeps.get(name);
        if (sleep === undefined || sleep.isOver()) awake.push(name);
        else asleep.push(name);
      }
      // Whose time may run out, at any moment.
      const late = asleep.filter((name) =>
        sleeps.get(name)!.mayEnd && !idle.has(name)
      );
      const options: string[] = [];
      // Who ran goes on, unless it is preempted; nobody is preempted by its own sleep.
      if (awake.includes(current)) options.push(current);
      const free = options.length === 0;
      if (free || preemptions > 0) {
        for (const name of awake) if (name !== current) options.push(name);
      }
      if (kills > 0) {
        for (const { name, kill } of run.parties) {
          // In its sleep it may die as well; once per place is enough.
          if (
            kill && (name === current || sleeps.has(name)) && !dead.has(name) &&
            !done.has(name)
          ) {
            options.push(`kill ${name}`);
          }
        }
      }
      if (free || preemptions > 0) {
        for (const name of late) options.push(`late ${name}`);
      }
      if (options.length === 0) {
        return run.end(dead, asleep);
      }
      const choice = path[depth] ??= { options, taken: 0 };
      if (choice.options.join() !== options.join()) {
        throw new Error(
          `the scenario is not the same twice: ${choice.options} / ${options}`,
        );
      }
      depth++;
      const chosen = options[choice.taken]!;
      trace.push(chosen);
      if (chosen.startsWith("kill ")) {
        const name = chosen.slice(5);
        dead.add(name);
        sleeps.delete(name);
        kills--;
        byName.get(name)!.kill!();
        continue;
      }
      const name = chosen.replace("late ", "");
      if (!free && name !== current) preemptions--;
      current = name;
      sleeps.delete(name);
      for (const other of idle) if (other !== name) idle.delete(other);
      if (chosen !== name) idle.add(name);
      const { steps: generator } = byName.get(name)!;
      const next = generator.next(chosen !== name);
      last.push(
        `${name}: ${
          typeof next.value === "string" ? next.value : next.done ? "done" : "…"
        }`,
      );
      if (next.done) done.add(name);
      else if (isSleep(next.value)) sleeps.set(name, next.value);
      run.invariant?.();
    }
  } catch (error) {
    throw new Error(
      `${(error as Error).message}\nafter: ${shorten(trace)}\nlast:\n  ${
        last.slice(-LAST).join("\n  ")
      }`,
      {
        cause: error,
      },
    );
  }
}

function isSleep(value: unknown): value is Sleep {
  return typeof value === "object" && value !== null && "isOver" in value;
}

/** `a a a b` as `a×3 b`. */
function shorten(trace: readonly string[]): string {
  const runs: [string, number][] = [];
  for (const name of trace) {
    const last = runs.at(-1);
    if (last?.[0] === name) last[1]++;
    else runs.push([name, 1]);
  }
  return runs.map(([name, n]) => n === 1 ? name : `${name}×${n}`).join(" ");
}
