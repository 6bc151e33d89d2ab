/** What a child or a thread reports of its target. */

import { grantedMemory } from "../memory/grant.ts";
import type { LazyLink } from "../travel/lazy_link.ts";
import { decode } from "../wire/decode.ts";
import { encode } from "../wire/encode.ts";
import { checkValue, pack, type Parcel, unpack } from "../wire/parcels.ts";
import { sendReadable } from "../wire/sendable_error.ts";

/** What is reported: one of these bytes, and the value or error encoded. */
export const Report = {
  /** What the target returned. */
  VALUE: 0,
  /** What the target threw, or why it could not be called. */
  ERROR: 1,
  /** An error that ends the child unless a listener of the user prevents it. */
  UNCAUGHT: 2,
  /** Everything that the child had to say has been written. */
  GOODBYE: 3,
  /** The replay has reached its call of `fork()`: what comes now is new. */
  REACHED: 4,
  /** A message of the link by which objects of the parent are used. */
  LINK: 5,
  /** A spare has read its message, and now does what that says. */
  TAKEN: 6,
} as const;

/** Beside the kind: the value is packed with its pins. */
const PINNED = 0x80;
/** Beside the kind: the value went over the link, and so may objects in it. */
const LINKED = 0x40;

/** The way to a parent whose memory this process cannot look at. */
let link: LazyLink | null = null;

/** Called once, in a process that reports to such a parent. */
export function reportOver(way: LazyLink): void {
  link = way;
}

/**
 * The bytes of a report; a `DataCloneError` where the value cannot be sent. What
 * is in it is pinned for the sake of who has started this process or thread.
 */
export function encodeReport(
  kind: number,
  value: unknown,
): Uint8Array<ArrayBuffer> {
  const root = kind === Report.VALUE ? "result" : "error";
  if (link !== null) {
    const bytes = link.encode(value, root, "none");
    return reportWith(link.isUsed ? kind | LINKED : kind, bytes);
  }
  const granted = grantedMemory();
  const parcel = pack(
    value,
    root,
    granted ? { owner: granted.parent } : undefined,
  );
  return parcel.pins === null
    ? reportWith(kind, parcel.bytes)
    : reportWith(kind | PINNED, encode(parcel));
}

/** A report that has these bytes. */
export function reportWith(
  kind: number,
  bytes: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(1 + bytes.length);
  message[0] = kind;
  message.set(bytes, 1);
  return message;
}

/** The kind of a report. */
export function reportKind(report: Uint8Array): number {
  return report[0]! & ~(PINNED | LINKED);
}

/** What a report says that has not come over a link. */
function decodeReport(report: Uint8Array): unknown {
  const body = report.subarray(1);
  if (!(report[0]! & PINNED)) return decode(body);
  return unpack(decode(body) as Parcel);
}

/** The report of an error; what it carries that cannot be sent is left out. */
export function encodeError(
  kind: number,
  error: unknown,
): Uint8Array<ArrayBuffer> {
  return sendReadable(
    error,
    (error) => encodeReport(kind, error),
    link === null
      ? checkValue
      : (value, root) => link!.check(value, root, "none"),
  );
}

/** What came of a target: its report, which is decoded where it was asked for. */
export class Outcome {
  /** Whether it returned. */
  readonly ok: boolean;
  #kind: number;
  #report: Uint8Array | null;
  #result: { readonly value: unknown } | { readonly error: unknown } | null =
    null;
  /** Whether it came over a link, so that nobody else can decode it. */
  #isLinked: boolean;

  /** @param link By which objects in it can be reached, if it is a child's. */
  constructor(report: Uint8Array, link: LazyLink | null = null) {
    this.#report = report;
    this.#kind = reportKind(report);
    this.ok = this.#kind !== Report.ERROR && this.#kind !== Report.UNCAUGHT;
    this.#isLinked = (report[0]! & LINKED) !== 0;
    // The link may have ended by the time somebody asks.
    if (this.#isLinked) this.#open(() => link!.decode(report.subarray(1)));
  }

  /** Of an error on this side. */
  static failed(error: unknown): Outcome {
    return new Outcome(encodeError(Report.ERROR, error));
  }

  /** The bytes of the report, for whoever opens it; `null`: that was done. */
  get report(): Uint8Array | null {
    if (!this.#isLinked) return this.#report;
    const result = this.#result!;
    if ("error" in result) return encodeError(Report.ERROR, result.error);
    try {
      return encodeReport(this.#kind, result.value);
    } catch (error) {
      return encodeError(Report.ERROR, error);
    }
  }

  /** What is pinned until somebody opens it. */
  get pins(): readonly number[] {
    const report = this.#report;
    if (report === null || !(report[0]! & PINNED)) return [];
    return (decode(report.subarray(1)) as Parcel).pins!;
  }

  /** Decodes it: what is in it is held from then on. */
  open(): void {
    const report = this.#report;
    if (report !== null) this.#open(() => decodeReport(report));
  }

  /** What the target returned; throws what it threw. Each time the same. */
  take(): unknown {
    this.open();
    if ("error" in this.#result!) throw this.#result.error;
    return this.#result!.value;
  }

  #open(read: () => unknown): void {
    try {
      const value = read();
      this.#result = this.ok ? { value } : { error: value };
    } catch (error) {
      this.#result = { error };
    }
    this.#report = null;
  }
}
