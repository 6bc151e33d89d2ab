/** What signals are called. */

import { checkInteger, mustBe } from "../check.ts";

/** Those that have the same number on all systems with signals. */
const COMMON: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
};

const LINUX: Readonly<Record<number, string>> = {
  7: "SIGBUS",
  10: "SIGUSR1",
  12: "SIGUSR2",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

const MAC: Readonly<Record<number, string>> = {
  10: "SIGBUS",
  12: "SIGSYS",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  30: "SIGUSR1",
  31: "SIGUSR2",
};

/** `signal 9 (SIGKILL)`, or its number alone. */
export function signalName(number: number): string {
  const own = Deno.build.os === "linux"
    ? LINUX
    : Deno.build.os === "darwin"
    ? MAC
    : {};
  const name = COMMON[number] ?? own[number];
  return `signal ${number}${name === undefined ? "" : ` (${name})`}`;
}

/** The runtime sends those of real time by no number, nor by a name. */
const MOST = 31;

/** Checks what is to be sent; not every name is one on every system. */
export function checkSentSignal(signal: unknown): void {
  if (typeof signal === "number") {
    return void checkInteger(signal, "send a signal", "signal", 0, MOST);
  }
  if (typeof signal === "string" && /^SIG[A-Z]/.test(signal)) return;
  throw mustBe(
    "send a signal",
    "signal",
    'a name, such as "SIGINT", or a number',
    signal,
  );
}
