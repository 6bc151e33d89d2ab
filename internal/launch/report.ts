/** What a child or a thread reports of its target. */

import { grantedMemory } from "../memory/grant.ts";
import { decode } from "../wire/decode.ts";
import { encode } from "../wire/encode.ts";
import { pack, type Parcel, unpack } from "../wire/parcels.ts";

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
} as const;

/** Beside the kind: the value is packed with its pins. */
const PINNED = 0x80;

/**
 * The bytes of a report; a `DataCloneError` where the value cannot be sent. What
 * is in it is pinned for the sake of who has started this process or thread.
 */
export function encodeReport(
  kind: number,
  value: unknown,
): Uint8Array<ArrayBuffer> {
  const root = kind === Report.VALUE ? "result" : "error";
  const granted = grantedMemory();
  const parcel = pack(
    value,
    root,
    granted ? { owner: granted.parent } : undefined,
  );
  const { bytes } = parcel.pins === null ? parcel : { bytes: encode(parcel) };
  const message = new Uint8Array(1 + bytes.length);
  message[0] = kind | (parcel.pins === null ? 0 : PINNED);
  message.set(bytes, 1);
  return message;
}

/** The kind of a report. */
export function reportKind(report: Uint8Array): number {
  return report[0]! & ~PINNED;
}

/** What was reported. */
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
  try {
    return encodeReport(kind, error);
  } catch (unsendable) {
    return encodeReport(
      kind,
      error instanceof Error ? withoutFields(error, unsendable) : unsendable,
    );
  }
}

/** The error with nothing but its message and stack; the cause says why. */
function withoutFields(error: Error, cause: unknown): Error {
  const bare = Reflect.construct(
    Error,
    [String(error.message), { cause }],
    error.constructor,
  );
  Object.defineProperty(bare, "stack", { value: String(error.stack) });
  return bare;
}

/** What came of a target: its report, which is decoded where it was asked for. */
export class Outcome {
  /** Whether it returned. */
  readonly ok: boolean;
  #report: Uint8Array | null;
  #result: { readonly value: unknown } | { readonly error: unknown } | null =
    null;

  constructor(report: Uint8Array) {
    this.#report = report;
    const kind = reportKind(report);
    this.ok = kind !== Report.ERROR && kind !== Report.UNCAUGHT;
  }

  /** Of an error on this side. */
  static failed(error: unknown): Outcome {
    return new Outcome(encodeError(Report.ERROR, error));
  }

  /** The bytes of the report, for whoever opens it; `null`: that was done. */
  get report(): Uint8Array | null {
    return this.#report;
  }

  /** Decodes it: what is in it is held from then on. */
  open(): void {
    if (this.#report === null) return;
    try {
      const value = decodeReport(this.#report);
      this.#result = this.ok ? { value } : { error: value };
    } catch (error) {
      this.#result = { error };
    }
    this.#report = null;
  }

  /** What the target returned; throws what it threw. Each time the same. */
  take(): unknown {
    this.open();
    if ("error" in this.#result!) throw this.#result.error;
    return this.#result!.value;
  }
}
