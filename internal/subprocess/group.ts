/**
 * The group of a program that may be given up: it and all that it starts.
 *
 * The program gets a session of its own, so that one signal reaches the group,
 * and its members whose parents have ended too. But then neither Ctrl-C nor the
 * end of this process reaches it. So a guard, a shell, waits on a pipe from this
 * process; it is told that the program was done, and otherwise, at the end of the
 * pipe, kills the group: that end is this process's death, however it came, or
 * its wish.
 *
 *     this process                        the guard
 *       starts the program, its pid = the group's number
 *       starts the guard with that   ->     sleeps in `read`
 *       the program has ended: done  ->     ends
 *       or it is given up: closes    ->     kills the group, ends
 *       or it dies: the kernel closes ->    kills the group, ends
 *
 * Where the program reads from a terminal it must stay in the session of that
 * terminal, and gets Ctrl-C as this process does; then what it has started is
 * looked for in the table of processes (see tree.ts).
 */

import { Child } from "./child.ts";
import type { Wiring } from "./stdio.ts";
import { killTree } from "./tree.ts";

/** What one may do about a group. */
export interface Group {
  /** Kills all of it. */
  kill(): Promise<void>;
  /** The program is done; what it has left behind is its business. */
  leave(): Promise<void>;
}

const SHELL = "/bin/sh";
const DONE = new TextEncoder().encode("done\n");
/** Ctrl-C and the like are for this process; its death is what the guard sees. */
const GUARD = `trap '' INT TERM HUP QUIT TSTP
read -r word
[ "$word" = done ] || kill -s KILL -- "-$1"`;

/** Whether a program that is connected like this can be in a session of its own. */
export function mayDetach({ stdin }: Wiring): boolean {
  if (Deno.build.os === "windows") return false;
  if (stdin === "inherit" && Deno.stdin.isTerminal()) return false;
  const shell = { name: "run", command: SHELL } as const;
  return Deno.permissions.querySync(shell).state === "granted";
}

/** The group of a program that is in a session of its own. */
export function ownGroup(child: Child): Group {
  let process;
  try {
    process = new Deno.Command(SHELL, {
      args: ["-c", GUARD, SHELL, `${child.pid}`],
      cwd: "/",
      clearEnv: true,
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
  } catch {
    // A system without a shell.
    return { kill: () => Promise.resolve(killOwn(child)), async leave() {} };
  }
  const lifeLine = process.stdin.getWriter();
  const guard = new Child(process, []);
  const end = async (word?: Uint8Array) => {
    try {
      if (word !== undefined) await lifeLine.write(word);
      await lifeLine.close();
    } catch {
      // Somebody has killed the guard.
    }
    guard.hold();
    await guard.ended;
  };
  return {
    async kill() {
      await end();
      if (guard.returncode !== 0) killOwn(child);
    },
    leave: () => end(DONE),
  };
}

/** As far as this process may send signals to a group. */
function killOwn(child: Child): void {
  try {
    Deno.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

/** The group of a program that shares the session of this process. */
export function sharedGroup(child: Child): Group {
  return { kill: () => killTree(child), async leave() {} };
}
