/** Who is alive on this machine, as /proc tells it. */

/** The command lines of all processes that have this in their environment. */
export function processesWith(variable: string): string[] {
  const found: string[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const environment = Deno.readTextFileSync(`/proc/${name}/environ`);
      if (!environment.split("\0").includes(variable)) continue;
      found.push(`${name} ${commandLine(name)}`);
    } catch {
      // It ended in between.
    }
  }
  return found;
}

/** The command lines of this process's children, zombies included. */
export function childrenOfThisProcess(): string[] {
  if (Deno.build.os !== "linux") return [];
  const lines: string[] = [];
  for (const task of Deno.readDirSync("/proc/self/task")) {
    const path = `/proc/self/task/${task.name}/children`;
    try {
      for (const pid of Deno.readTextFileSync(path).split(" ")) {
        if (pid !== "") lines.push(`${pid} ${commandLine(pid)}`);
      }
    } catch {
      // It ended in between.
    }
  }
  return lines;
}

function commandLine(pid: string): string {
  const line = Deno.readTextFileSync(`/proc/${pid}/cmdline`);
  return line.replaceAll("\0", " ").slice(0, 200).trim();
}
