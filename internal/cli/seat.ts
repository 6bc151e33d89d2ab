/** The place of one worker at the desk. */

import { WorkerLostError } from "../../errors.ts";
import { Lock } from "../../sync.ts";
import type { Applicant, Farewell, Order, Report, Seat } from "./protocol.ts";

/** After so long without a word a worker counts as gone; it beats more often. */
const PATIENCE_MS = 30_000;
/** How often a worker says that it is still there. */
export const BEAT_MS = 5000;

/** Who has the tasks. */
export interface Keeper {
  /** Tells this run of the server from others. */
  readonly run: string;
  note(message: string): void;
  enter(seat: WorkerSeat, keys: readonly number[]): void;
  exit(seat: WorkerSeat, error: Error): void;
  next(seat: WorkerSeat): Promise<Order | Farewell>;
  dismiss(seat: WorkerSeat, farewell: Farewell): void;
  report(seat: WorkerSeat, report: Report): boolean;
}

/** The place of one worker, from when it comes until it goes. */
export class WorkerSeat implements Seat {
  readonly id: string;
  readonly name: string;
  readonly processes: number;
  readonly counts = { done: 0, failed: 0 };
  isLeaving = false;

  readonly #desk: Keeper;
  readonly #life = new Lock();
  readonly #end = Promise.withResolvers<Farewell>();
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(desk: Keeper, { id, name, processes }: Applicant) {
    this.#desk = desk;
    this.id = String(id);
    this.name = String(name);
    this.processes = Number(processes);
  }

  life(): Lock {
    return this.#life;
  }

  begin(run: string | null, keys: readonly number[]): string {
    const desk = this.#desk;
    desk.enter(this, run === desk.run ? keys : []);
    desk.note(`${this.name} has come, for ${this.processes} at a time`);
    this.#watch();
    this.beat();
    return desk.run;
  }

  next(): Promise<Order | Farewell> {
    return this.#desk.next(this);
  }

  report(report: Report): boolean {
    return this.#desk.report(this, report);
  }

  leave(): void {
    this.isLeaving = true;
    this.#desk.note(`${this.name} takes no more tasks`);
    this.#desk.dismiss(this, "you leave");
  }

  beat(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(
      () => this.exit(`has said nothing for ${PATIENCE_MS / 1000} s`),
      PATIENCE_MS,
    );
    Deno.unrefTimer(this.#silence);
  }

  ended(): Promise<Farewell> {
    return this.#end.promise;
  }

  /** The server stops. */
  stop(): void {
    this.#desk.dismiss(this, "the server stops");
    this.#end.resolve("the server stops");
  }

  /** The worker holds its life as long as it lives, and is connected. */
  async #watch(): Promise<void> {
    await this.#life.acquire({ repair: () => {} }).catch(() => {});
    this.exit("has died, or lost its connection");
  }

  /** It is gone. */
  exit(how: string): void {
    clearTimeout(this.#silence);
    this.#desk.exit(
      this,
      new WorkerLostError(`Cannot finish this task as ${this.name} ${how}`),
    );
  }
}
