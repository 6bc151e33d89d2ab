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
 *       starts the guard             ->     is deaf to Ctrl-C, says so,
 *       starts the program           <-     sleeps in `read`
 *       its pid, the group's number  ->     keeps it, sleeps in `read`
 *       the program has ended: done  ->     ends
 *       or it is given up: closes    ->     kills the group, ends
 *       or it dies: the kernel closes ->    kills the group, ends
 *
 * The pipe is ready to be written when the program starts, so its pid is in it as
 * soon as this process has it. What is left is the time from the program's first
 * step to that: nobody but this process could tell the guard who that is.
 *
 * Where the program reads from a terminal it must stay in the session of that
 * terminal, and gets Ctrl-C as this process does; then what it has started is
 * looked for in the table of processes (see tree.ts).
 */

import { Child } from "./child.ts";
import { SHELL } from "./look.ts";
import type { Session } from "./spawn.ts";
import type { Wiring } from "./stdio.ts";
import { killTree } from "./tree.ts";

/** What one may do about a group. */
export interface Group {
  /** Kills all of it. */
  kill(): Promise<void>;
  /** The program is done; what it has left behind is its business. */
  leave(): Promise<void>;
}

/** Ctrl-C and the like are for this process; its death is what the guard sees. */
const GUARD = `trap '' INT TERM HUP QUIT TSTP
command -v setsid || echo
read -r group || exit 0
read -r word
[ "$word" = done ] && exit 0
kill -s KILL -- "-$group" 2>/dev/null || kill -s KILL "$group"`;

/** Whether a program that is connected like this can be in a session of its own. */
export function mayDetach({ stdin }: Wiring): boolean {
  if (Deno.build.os === "windows") return false;
  if (stdin === "inherit" && Deno.stdin.isTerminal()) return false;
  const shell = { name: "run", command: SHELL } as const;
  return Deno.permissions.querySync(shell).state === "granted";
}

/** Sees to the end of a group, also where this process cannot any more. */
export class Guard implements Session {
  setsid: string | null = null;
  /** `null`: a system without a shell. */
  #process: Child | null = null;
  #lifeLine: WritableStreamDefaultWriter<Uint8Array> | null = null;

  /** Resolves when it is ready. */
  static async start(): Promise<Guard> {
    const guard = new Guard();
    let process;
    try {
      process = new Deno.Command(SHELL, {
        args: ["-c", GUARD],
        cwd: "/",
        clearEnv: true,
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
    } catch {
      return guard;
    }
    guard.#process = new Child(process, []);
    guard.#process.hold();
    guard.#lifeLine = process.stdin.getWriter();
    guard.#lifeLine.closed.catch(() => {}); // somebody may kill it
    const answers = process.stdout.getReader();
    const { value } = await answers.read();
    const path = new TextDecoder().decode(value).trim();
    if (path.startsWith("/")) guard.setsid = path;
    await answers.cancel();
    guard.#process.release();
    return guard;
  }

  begun(pid: number): void {
    this.#tell(`${pid}`);
  }

  /** The group of the program that has begun. */
  groupOf(child: Child): Group {
    return {
      kill: async () => {
        await this.end();
        if (this.#process?.returncode !== 0) killOwn(child);
      },
      leave: () => {
        this.#tell("done");
        return this.end();
      },
    };
  }

  /** Closes its pipe: it does what is left to do. */
  async end(): Promise<void> {
    this.#lifeLine?.close().catch(() => {});
    this.#process?.hold();
    await this.#process?.ended;
  }

  #tell(word: string): void {
    this.#lifeLine?.write(new TextEncoder().encode(`${word}\n`))
      .catch(() => {});
  }
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
