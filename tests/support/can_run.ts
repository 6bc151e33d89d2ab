/**
 * Whether a program of the documentation can be run here: processes share memory
 * on Linux only, and programs that others run are POSIX's.
 */
export function canRun(code: string): boolean {
  const { os } = Deno.build;
  if (os === "linux") return true;
  if (/\bShared\w+/.test(code) && /\bProcess\b/.test(code)) return false;
  return os !== "windows" || !/\bsubprocess\b/.test(code);
}
