/** Kills a program and all below it, as far as the table of processes tells. */

import type { Child } from "./child.ts";

/** Writes each process's number and its parent's, one way or another. */
const LIST = "ps -A -o pid= -o ppid= 2>/dev/null || cat /proc/[0-9]*/stat";
const OF_PS = /^\s*(\d+)\s+(\d+)\s*$/;
const OF_STAT = /^(\d+) \(.*\) \S (\d+) /;

/** Kills them; where this process may not send signals, the program alone. */
export async function killTree(child: Child): Promise<void> {
  try {
    if (child.returncode === null && mayLook()) {
      if (Deno.build.os === "windows") await killByTaskkill(child);
      else await killBelow(child);
    }
  } finally {
    child.kill("SIGKILL");
  }
}

function mayLook(): boolean {
  return Deno.permissions.querySync({ name: "run" }).state === "granted";
}

/** A program of Windows, which kills what is below the other one, too. */
async function killByTaskkill({ pid }: Child): Promise<void> {
  try {
    await new Deno.Command("taskkill", {
      args: ["/T", "/F", "/PID", `${pid}`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
  } catch {
    // It is not on the PATH: then the program alone.
  }
}

/** Stops all first: one that runs starts others while it is looked for. */
async function killBelow(child: Child): Promise<void> {
  child.kill("SIGSTOP");
  const stopped = new Set([child.pid]);
  for (let before = 0; before < stopped.size;) {
    before = stopped.size;
    const parents = await table();
    for (const [pid, parent] of parents) {
      if (stopped.has(pid) || !stopped.has(parent)) continue;
      if (signal(pid, "SIGSTOP")) stopped.add(pid);
    }
  }
  stopped.delete(child.pid);
  for (const pid of stopped) signal(pid, "SIGKILL");
}

async function table(): Promise<[pid: number, parent: number][]> {
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", LIST],
    stdin: "null",
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).split("\n").flatMap((line) => {
    const [, pid, parent] = OF_PS.exec(line) ?? OF_STAT.exec(line) ?? [];
    return pid === undefined ? [] : [[Number(pid), Number(parent)]];
  });
}

/** Whether it was there, and could be sent a signal. */
function signal(pid: number, name: Deno.Signal): boolean {
  try {
    Deno.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
