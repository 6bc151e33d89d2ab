/**
 * Puts the whole package under random load, with random faults, for some minutes,
 * and checks what it promises: all once, in order, and nothing left behind.
 *
 *     deno task soak [--minutes N] [--seed S] [--only NAME[,NAME]] [--lanes N]
 *
 * The exit code is 1 if anything did not hold. A run with the same seed makes the
 * same choices; what the system makes of them, and when, is another one each time.
 */

import { setExcepthook } from "@multi/processing";
import { parseArgs } from "@std/cli";
import { ProgressBar } from "@std/cli/unstable-progress-bar";
import { resourceTable, scenarioTable } from "./soak/report.ts";
import {
  atRest,
  exceeded,
  grown,
  handles,
  type Resources,
} from "./soak/resources.ts";
import { sharedObjects } from "./soak/shared_objects.ts";
import { Random } from "./soak/random.ts";
import { Hang, Round, type Scenario, Tally } from "./soak/round.ts";
import { SCENARIOS } from "./soak/scenarios.ts";

/** After so many violations it ends: there is enough to look at. */
const MOST_VIOLATIONS = 10;
/** The memory of a program that has run so many times each is what must not grow. */
const WARM_DECKS = 3;

interface Options {
  readonly ms: number;
  readonly seed: number;
  readonly lanes: number;
  readonly scenarios: readonly Scenario[];
}

class Soak {
  readonly #options: Options;
  readonly #tallies = new Map<Scenario, Tally>();
  readonly #violations: string[] = [];
  readonly #begin = performance.now();
  #rounds = 0;

  constructor(options: Options) {
    this.#options = options;
    for (const scenario of options.scenarios) {
      this.#tallies.set(scenario, new Tally());
    }
  }

  /** How long it has run (ms). */
  get elapsed(): number {
    return performance.now() - this.#begin;
  }

  get #isOver(): boolean {
    return this.elapsed >= this.#options.ms ||
      this.#violations.length >= MOST_VIOLATIONS;
  }

  /** Runs it; gives what did not hold. */
  async run(): Promise<readonly string[]> {
    const random = new Random(this.#options.seed);
    const begin = await atRest(null);
    let known = handles();
    let warm: Resources | null = null;
    let end = begin;
    for (let deck = 1;; deck++) {
      // Each scenario once, in any order; then it must be as it was before.
      const hang = await this.#runDeck(random.shuffle(this.#options.scenarios));
      if (hang) break;
      const before = warm ?? begin;
      end = await atRest(before);
      const more = exceeded(end, before);
      if (more.length > 0) {
        const news = [...handles()]
          .filter(([kind, n]) => n > (known.get(kind) ?? 0))
          .map(([kind, n]) => `${n} × ${kind}`);
        this.#violations.push(
          `left behind after ${this.#rounds} rounds: ${more.join(", ")}` +
            (news.length > 0 ? ` (${news.join(", ")})` : "") +
            (end.shared > before.shared
              ? `\n  ${sharedObjects().join("\n  ")}`
              : ""),
        );
        break;
      }
      if (deck === WARM_DECKS) {
        warm = { ...end, is: "warm" };
        known = handles();
      }
      if (this.#isOver) break;
    }
    if (warm !== null) {
      for (const what of grown(end, warm)) {
        this.#violations.push(`memory has grown: ${what}`);
      }
    }
    console.log(scenarioTable(this.#tallies));
    console.log(`\n${resourceTable(warm ?? begin, end)}\n`);
    return this.#violations;
  }

  /** Runs these, some at a time; whether something hangs. */
  async #runDeck(deck: readonly Scenario[]): Promise<boolean> {
    const left = [...deck];
    let hangs = false;
    const lane = async () => {
      while (!hangs) {
        const scenario = left.shift();
        if (scenario === undefined) return;
        hangs = await this.#runOne(scenario) || hangs;
      }
    };
    const { lanes } = this.#options;
    await Promise.all(Array.from({ length: lanes }, lane));
    return hangs;
  }

  async #runOne(scenario: Scenario): Promise<boolean> {
    const tally = this.#tallies.get(scenario)!;
    const number = tally.rounds + 1;
    const round = new Round(scenario, number, this.#options.seed, tally);
    this.#rounds++;
    try {
      await round.run(scenario);
      return false;
    } catch (error) {
      this.#violations.push(
        error instanceof Error && error.name === "Violation"
          ? error.message
          : `${round.title}: ${Deno.inspect(error)}`,
      );
      console.error(this.#violations.at(-1));
      return error instanceof Hang;
    }
  }
}

function optionsOf(args: string[]): Options {
  const { minutes, seed, lanes, only } = parseArgs(args, {
    string: ["minutes", "seed", "lanes", "only"],
    default: { minutes: "2", lanes: String(navigator.hardwareConcurrency + 1) },
  });
  const number = (name: string, text: string, isRight: boolean): number => {
    if (isRight) return Number(text);
    console.error(`--${name} must be a number above 0: ${text}`);
    Deno.exit(2);
  };
  const names = only?.split(",");
  const scenarios = SCENARIOS.filter(({ name }) =>
    names?.includes(name) ?? true
  );
  if (names !== undefined && scenarios.length !== names.length) {
    console.error(
      `--only must be some of ${SCENARIOS.map(({ name }) => name).join(",")}`,
    );
    Deno.exit(2);
  }
  const chosen = seed ?? String(crypto.getRandomValues(new Uint32Array(1))[0]!);
  return {
    ms: number("minutes", minutes, Number(minutes) > 0) * 60_000,
    lanes: number("lanes", lanes, Number.isInteger(+lanes) && +lanes > 0),
    seed: number("seed", chosen, Number.isInteger(+chosen) && +chosen >= 0),
    scenarios,
  };
}

async function main(): Promise<void> {
  const options = optionsOf(Deno.args);
  setExcepthook(() => {}); // Many threads fail, as they are to.
  console.log(
    `Soaking for ${
      options.ms / 60_000
    } min, ${options.lanes} scenarios at a time: --seed ${options.seed}`,
  );
  const soak = new Soak(options);
  const bar = Deno.stderr.isTerminal()
    ? new ProgressBar({
      max: options.ms,
      clear: true,
      formatter: (now) => `${now.styledTime} ${now.progressBar}`,
    })
    : null;
  const ticks = bar && setInterval(() => {
    bar.value = Math.min(options.ms, soak.elapsed);
  }, 200);
  const violations = await soak.run();
  if (ticks !== null) clearInterval(ticks);
  await bar?.stop();
  if (violations.length === 0) {
    console.log("Everything held.");
    return;
  }
  console.log(
    `${violations.length} violations, with --seed ${options.seed}:\n${
      violations.map((violation) => `- ${violation}`).join("\n")
    }`,
  );
  Deno.exit(1); // also where something hangs
}

if (import.meta.main) await main();
