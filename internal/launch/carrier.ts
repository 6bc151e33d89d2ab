/**
 * What carries a thread: a Web Worker, which starts twice as fast, or a Worker
 * of `node:worker_threads`, whose memory can be limited, and which is there
 * where the runtime does not let a program end beside a Web Worker.
 */

import { filePath } from "./file_url.ts";
import { plain } from "./last_words.ts";
import { isGranted } from "./granted.ts";
import { checkWorkerOptions } from "./worker_options.ts";
import { canRefWorkers, refWorker } from "./worker_ref.ts";

/** What a carrier is made from. */
export interface CarrierOptions {
  /** The URL of the module that it runs. */
  readonly module: string;
  /** The URL of what that imports at once. */
  readonly entry: string;
  readonly permissions: "inherit" | "none" | Deno.PermissionOptionsObject;
  readonly maxHeapMb: number | null;
  /** Called with what the Worker posts. */
  received(data: unknown): void;
  /** Called with why it has ended, where that is told; maybe more than once. */
  failed(message: string, isOutOfMemory: boolean): void;
}

/** A Worker, whatever its kind. */
export interface Carrier {
  post(message: unknown): void;
  /** Whether the program goes on as long as it lives. */
  ref(yes: boolean): void;
  /** Ends it, as soon as it yields. */
  end(): void;
}

/** Throws where there is no carrier with these permissions, and that limit. */
export function checkCarrier(
  permissions: CarrierOptions["permissions"],
  maxHeapMb: number | null,
): void {
  if (permissions === "inherit") return;
  if (maxHeapMb === null && canRefWorkers()) return checkWorkerOptions();
  throw new Deno.errors.NotSupported(
    `Cannot give a thread permissions of its own as the runtime has these for Web Workers only, whose memory cannot be limited: use a Process`,
  );
}

/** Makes the carrier that the options ask for. */
export function openCarrier(options: CarrierOptions): Carrier {
  const { entry, permissions, maxHeapMb } = options;
  checkCarrier(permissions, maxHeapMb);
  const file = unreadable(entry);
  if (file !== null) return new NoCarrier(options, file);
  return maxHeapMb === null && canRefWorkers()
    ? new WebCarrier(options)
    : new NodeCarrier(options);
}

/** The path of what the runtime will not load, and will not ask for either. */
function unreadable(url: string): string | null {
  if (!url.startsWith("file:")) return null;
  const path = filePath(new URL(url));
  return isGranted("read", path) || Deno.stdin.isTerminal() ? null : path;
}

/**
 * In place of a Worker that could not load its first module: the runtime would say
 * so at length, with the whole text of what imports it, and on stderr, too.
 */
class NoCarrier implements Carrier {
  constructor({ failed }: CarrierOptions, file: string) {
    const why =
      `it requires read access to "${file}": run this program again with --allow-read`;
    queueMicrotask(() => failed(why, false)); // as an event, which comes later
  }

  post(): void {}
  ref(): void {}
  end(): void {}
}

class WebCarrier implements Carrier {
  #worker: Worker;
  #isRef = true;

  constructor({ module, permissions, received, failed }: CarrierOptions) {
    this.#worker = new Worker(
      module,
      {
        type: "module",
        ...(permissions !== "inherit" && { deno: { permissions } }),
      } as WorkerOptions,
    );
    this.#worker.onmessage = ({ data }) => received(data);
    this.#worker.onerror = (event) => {
      event.preventDefault(); // or it would be an error of this thread's, too
      failed(plain(event.message), false);
    };
  }

  post(message: unknown): void {
    this.#worker.postMessage(message);
  }

  ref(yes: boolean): void {
    if (yes === this.#isRef) return;
    this.#isRef = yes;
    refWorker(this.#worker, yes);
  }

  end(): void {
    this.#worker.terminate();
  }
}

/** What we use of a Worker of `node:worker_threads`. */
interface NodeWorker {
  postMessage(message: unknown): void;
  ref(): void;
  unref(): void;
  terminate(): void;
  on(event: "message", listener: (data: unknown) => void): void;
  on(event: "exit", listener: () => void): void;
  on(
    event: "error",
    listener: (error: Error & { code?: string }) => void,
  ): void;
}

/** Loaded when the first is made: that takes 10 ms, and most programs need none. */
class NodeCarrier implements Carrier {
  #worker: NodeWorker | null = null;
  #posted: unknown[] = [];
  #isRef = true;
  #ended = false;

  constructor(options: CarrierOptions) {
    this.#open(options);
  }

  async #open(options: CarrierOptions): Promise<void> {
    const { module, maxHeapMb, received, failed } = options;
    const { Worker } = await import("node:worker_threads");
    if (this.#ended) return;
    const worker: NodeWorker = new Worker(new URL(module), {
      ...(maxHeapMb !== null &&
        { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
    });
    worker.on("message", received);
    worker.on(
      "error",
      (error) =>
        failed(plain(error.message), error.code === "ERR_WORKER_OUT_OF_MEMORY"),
    );
    worker.on("exit", () => failed("its Worker has ended", false));
    if (!this.#isRef) worker.unref();
    for (const message of this.#posted) worker.postMessage(message);
    this.#worker = worker;
  }

  post(message: unknown): void {
    if (this.#worker) this.#worker.postMessage(message);
    else this.#posted.push(message);
  }

  ref(yes: boolean): void {
    this.#isRef = yes;
    if (yes) this.#worker?.ref();
    else this.#worker?.unref();
  }

  end(): void {
    this.#ended = true;
    this.#worker?.terminate();
  }
}
