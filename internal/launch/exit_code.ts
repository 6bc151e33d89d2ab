/** What is told of how a process has ended. */

/** The signals with which the runtime ends a process on Windows. */
const ENDING: Readonly<Record<string, number>> = {
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGTERM: 15,
};

/**
 * Its exit code; -9: ended by signal 9. `sent` is the last signal that it was sent.
 *
 * Windows has no signals: who is sent one there is ended with 1, whoever does it.
 * So what was sent tells, where it was from here. What has crashed has a code with
 * the highest bit set, which the runtime takes for a sign.
 */
export function exitCodeOf(
  { code, signal }: Deno.CommandStatus,
  sent: Deno.Signal | number | null,
  os: typeof Deno.build.os = Deno.build.os,
): number {
  if (signal !== null) return 128 - code;
  if (os !== "windows") return code;
  const number = typeof sent === "string" ? ENDING[sent] : sent;
  return code === 1 && number ? -number : code >>> 0;
}
