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
  return childrenOf("self").flatMap((pid) => {
    try {
      return [`${pid} ${commandLine(`${pid}`)}`];
    } catch {
      return []; // It ended in between.
    }
  });
}

/** The children of a process, zombies included. */
export function childrenOf(pid: number | "self"): number[] {
  if (Deno.build.os !== "linux") return [];
  const children: number[] = [];
  for (const task of Deno.readDirSync(`/proc/${pid}/task`)) {
    const path = `/proc/${pid}/task/${task.name}/children`;
    try {
      const text = Deno.readTextFileSync(path);
      children.push(...text.split(" ").filter(Boolean).map(Number));
    } catch {
      // It ended in between.
    }
  }
  return children;
}

function commandLine(pid: string): string {
  const line = Deno.readTextFileSync(`/proc/${pid}/cmdline`);
  return line.replaceAll("\0", " ").slice(0, 200).trim();
}
