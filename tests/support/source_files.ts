import { ROOT } from "./run.ts";

/** The modules of the package: those at the top, and all that are inside. */
export function sourceFiles(folder = ROOT): URL[] {
  const files: URL[] = [];
  const isRoot = folder === ROOT;
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory && (!isRoot || name === "internal")) {
      files.push(...sourceFiles(new URL(`${name}/`, folder)));
    } else if (name.endsWith(".ts")) files.push(new URL(name, folder));
  }
  return files;
}
