/** Ctrl-C, and what else asks the command to stop. */

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];
/** As a shell reports a program that Ctrl-C has ended. */
const INTERRUPTED = 130;

/**
 * Aborts when the command is asked to stop. When it is asked again, it ends at once,
 * and its children with it.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) Deno.exit(INTERRUPTED);
    controller.abort();
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, stop);
  return controller.signal;
}

/** Resolves when it aborts. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
