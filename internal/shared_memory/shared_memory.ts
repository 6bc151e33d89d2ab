import { ShutDownError } from "../../errors.ts";
import { checkOptions } from "../check.ts";
import { note } from "../wire/envelope.ts";
import { Unsendable } from "../wire/unsendable.ts";
import { registerShared } from "../travel/shared_class.ts";
import {
  createRegion,
  isForProcesses,
  openRegion,
  receiveRegion,
  type Region,
} from "./region.ts";

/** Memory that is to be made. */
export interface CreateSharedMemoryOptions {
  /** Whether to make it. */
  create: true;
  /** How many bytes it has. */
  size: number;
  /** Its name; by default one that nothing else has. */
  name?: string | undefined;
}

/** Memory that is there. */
export interface AttachSharedMemoryOptions {
  /** Whether to make it. */
  create?: false | undefined;
  /** Its name. */
  name: string;
}

/** The longest name, in bytes. */
const MOST_BYTES = 200;

let next: Region | null = null;

/**
 * Memory with a name, which any process of the same user can open: also one that
 * was started by somebody else.
 *
 * It is there until it is unlinked and everybody has closed it; without that,
 * until the process that made it has ended and the others have closed it. Nothing
 * is left of it when all have ended or been killed: it has no place in the file
 * system. It may also be sent, as an argument or in a message; whoever sends it
 * keeps it open until it is received.
 *
 * Nobody waits for anybody here: use a {@linkcode Lock} where several write.
 *
 * @example By its name
 * ```ts
 * import { SharedMemory } from "@multi/processing/shared_memory";
 * import { assertEquals } from "@std/assert";
 *
 * using memory = new SharedMemory({ create: true, size: 1000 });
 * memory.buf[0] = 42;
 *
 * // Here, or in another process:
 * using same = new SharedMemory({ name: memory.name });
 * assertEquals([same.buf[0], same.size], [42, 1000]);
 *
 * memory.unlink();
 * ```
 *
 * Permissions: between processes, `--allow-ffi`, on Linux. Without, it has its
 * name among the threads of this process only.
 *
 * Python: `multiprocessing.shared_memory.SharedMemory`.
 */
export class SharedMemory implements Disposable {
  readonly #name: string;
  readonly #size: number;
  #region: Region | null;

  static {
    registerShared<SharedMemory>({
      name: "SharedMemory",
      class: SharedMemory,
      encode(memory) {
        if (memory.#region !== null) {
          // It holds nothing, but says that there is an object in the message.
          note({ key: "SharedMemory", pin: null });
          return memory.#region.handle();
        }
        throw new Unsendable("shared memory that was closed cannot be sent");
      },
      decode(handle) {
        next = receiveRegion(handle);
        if (next !== null) return new SharedMemory({ name: "" });
        throw new Deno.errors.NotFound(
          `Cannot receive shared memory ${
            JSON.stringify(handle[0])
          }: it is no more; whoever sends it must keep it open until it is received`,
        );
      },
      remoteOf: () => null,
      fromRemote: () => new SharedMemory({ name: "" }),
      service: null,
    });
  }

  /**
   * Makes memory, all bytes of which are 0, or opens what is there.
   *
   * @param options Its size and maybe its name to make it; its name to open it.
   * @throws {Deno.errors.AlreadyExists} If it is to be made, and the name is taken.
   * @throws {Deno.errors.NotFound} If it is to be opened, and is not there.
   * @throws {RangeError} If the size is no integer > 0, or more than there is.
   * @throws {TypeError} If the name is none.
   *
   * Python: `SharedMemory(name=None, create=False, size=0)`.
   */
  constructor(options: CreateSharedMemoryOptions | AttachSharedMemoryOptions) {
    const given = next;
    next = null;
    checkOptions(
      options,
      "use shared memory",
      "{ create: true, size: 1000 }, or { name } to open what is there",
    );
    const region = given ?? (options.create ? create(options) : open(options));
    this.#region = region;
    this.#name = region.name;
    this.#size = region.size;
  }

  /** Its name. */
  get name(): string {
    return this.#name;
  }

  /** How many bytes it has. */
  get size(): number {
    return this.#size;
  }

  /**
   * The memory itself. It stays valid for who has it, also after `close()`.
   *
   * @throws {ShutDownError} After `close()`.
   *
   * Python: `memory.buf`.
   */
  get buf(): Uint8Array {
    if (this.#region !== null) return this.#region.bytes;
    throw new ShutDownError(
      `Cannot use shared memory ${JSON.stringify(this.name)} as it was closed`,
    );
  }

  /**
   * Ends its use by this object; the memory goes back to the system when nobody
   * looks at it any more. Without `--allow-ffi` it is free at once if `buf` was never
   * asked for, else when the garbage collector has found that nobody has it, for
   * which the thread must wait for something. What this process has made can be
   * found until it is unlinked, or the process ends. Twice does nothing new.
   *
   * Python: `memory.close()`.
   */
  close(): void {
    this.#region?.close();
    this.#region = null;
  }

  /**
   * From now on nobody finds it by its name, which is free again. Who has it open
   * goes on. Can be called after `close()`, too.
   *
   * @throws {Deno.errors.NotFound} If it was unlinked before.
   *
   * Python: `memory.unlink()`.
   */
  unlink(): void {
    const region = this.#region ?? open(this);
    const isDone = region.unlink();
    if (region !== this.#region) region.close();
    if (!isDone) throw notFound(this.name);
  }

  /** The same as {@linkcode SharedMemory.close}: it does not unlink. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** What is shown of it in the console. */
  [Symbol.for("Deno.customInspect")](): string {
    return `SharedMemory(${JSON.stringify(this.name)}, ${this.size} bytes)`;
  }
}

function create({ name, size }: CreateSharedMemoryOptions): Region {
  if (name !== undefined) checkName(name);
  if (!Number.isSafeInteger(size) || size <= 0) {
    const wanted = Number.isInteger(size) && size > 0
      ? "is too large"
      : "must be an integer > 0";
    throw new RangeError(
      `Cannot create shared memory as "size" ${wanted}: current value is ${
        Deno.inspect(size)
      }`,
    );
  }
  const region = createRegion(name ?? null, size);
  if (region !== null) return region;
  throw new Deno.errors.AlreadyExists(
    `Cannot create shared memory ${
      JSON.stringify(name)
    } as there is some: choose another name, or open it without "create"`,
  );
}

function open({ name }: { name: string }): Region {
  checkName(name);
  const region = openRegion(name);
  if (region !== null) return region;
  throw notFound(name);
}

function notFound(name: string): Error {
  const where = isForProcesses()
    ? ""
    : " among the threads of this process; without --allow-ffi, no other process can be asked";
  return new Deno.errors.NotFound(
    `Cannot find shared memory ${JSON.stringify(name)}${where}`,
  );
}

function checkName(name: string): void {
  const problem = typeof name !== "string"
    ? "must be a text"
    : name === ""
    ? "must not be empty"
    : /[\0/]/.test(name)
    ? 'must not have "/" or NUL in it'
    : !name.isWellFormed()
    ? "must be well-formed Unicode"
    : new TextEncoder().encode(name).length > MOST_BYTES
    ? `must not have more than ${MOST_BYTES} bytes`
    : null;
  if (problem === null) return;
  throw new TypeError(
    `Cannot use shared memory as "name" ${problem}: current value is ${
      Deno.inspect(name)
    }`,
  );
}
