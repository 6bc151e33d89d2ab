/**
 * Checks what the structure of this package promises:
 *
 * - imports go downwards only, by the layers below, and never in a circle (but for
 *   the `import()` of what names all objects that can be in a message);
 * - nobody imports `mod.ts`, or what children run (`internal/entry/`), but
 *   `freezeSupport()` when it is a child itself, and `thread.ts`, which only
 *   makes that part of compiled programs;
 * - `Deno.dlopen` is called in one file at most;
 * - only the command (`cli.ts`, `internal/cli/`) uses other packages.
 *
 *     deno run -A tools/check_layers.ts
 */

/** The layers from the lowest to the highest: files, and folders. */
const LAYERS = [
  ["errors.ts"],
  [
    "internal/async_variable.ts",
    "internal/callbacks.ts",
    "internal/check.ts",
    "internal/context.ts",
    "internal/frozen.ts",
    "internal/pace.ts",
    "internal/runtime_core.ts",
    "internal/settlement.ts",
    "internal/turn.ts",
    "internal/wait.ts",
    "internal/wire/",
  ],
  ["internal/coroutine/", "internal/wait_queue.ts", "internal/waitable.ts"],
  ["internal/memory/"],
  ["internal/structure/"],
  ["internal/pipe/"],
  ["internal/travel/"],
  ["internal/queue/"],
  ["internal/launch/"],
  ["internal/subprocess/", "internal/pool/"],
  ["internal/sync/"],
  ["internal/shared_memory/"],
  ["internal/manager/"],
  // All other files at the top: the public modules.
  ["internal/entry/", "internal/travel/all.ts", ""],
  ["internal/cli/"],
  ["cli.ts"],
  ["mod.ts"],
];

/** Names all public modules with objects; loaded where a message has one of them. */
const ALL = "internal/travel/all.ts";

const ROOT = new URL("../", import.meta.url);

/** The command is no part of the library. */
const COMMAND = /^(cli\.ts$|internal\/cli\/)/;

/** What `deno info` says of an import. */
interface Dependency {
  readonly specifier: string;
  readonly code?: { readonly specifier?: string };
  readonly type?: { readonly specifier?: string };
  readonly isDynamic?: boolean;
}

/** What a file of the package imports. */
interface Imports {
  /** Its own files, as paths from here. */
  readonly own: Map<string, string[]>;
  /** Those that import other packages. */
  readonly others: Map<string, string[]>;
}

/** Each file of the package, with what it imports. */
async function readGraph(roots: string[]): Promise<Imports> {
  const graph = new Map<string, string[]>();
  const others = new Map<string, string[]>();
  for (const root of roots) {
    const { stdout, success, stderr } = await new Deno.Command(
      Deno.execPath(),
      { args: ["info", "--json", root], cwd: ROOT },
    ).output();
    const text = new TextDecoder();
    if (!success) throw new Error(text.decode(stderr));
    for (const module of JSON.parse(text.decode(stdout)).modules) {
      const path = local(module.specifier);
      if (path === null) continue;
      const dependencies: Dependency[] = module.dependencies ?? [];
      const foreign = dependencies.map(({ specifier }) => specifier)
        .filter((specifier) => !/^\.|^node:|^data:/.test(specifier));
      if (foreign.length > 0) others.set(path, foreign);
      const imports = dependencies.map(
        ({ code, type, isDynamic }) => {
          const path = local(code?.specifier ?? type?.specifier ?? "");
          return isDynamic && path === ALL ? null : path;
        },
      );
      graph.set(path, imports.filter((path: string | null) => path !== null));
    }
  }
  return { own: graph, others };
}

function local(specifier: string): string | null {
  return specifier.startsWith(ROOT.href)
    ? specifier.slice(ROOT.href.length)
    : null;
}

function layerOf(path: string): number {
  const exact = LAYERS.findIndex((layer) => layer.includes(path));
  if (exact !== -1) return exact;
  const folder = path.includes("/") ? path.split("/", 2).join("/") + "/" : "";
  return LAYERS.findIndex((layer) => layer.includes(folder));
}

/** A circle of imports through `path`, if there is one below it. */
function circle(
  graph: Map<string, string[]>,
  path: string,
  above: string[],
  done: Set<string>,
): string[] | null {
  if (above.includes(path)) return [...above.slice(above.indexOf(path)), path];
  if (done.has(path) || path === ALL) return null;
  for (const next of graph.get(path) ?? []) {
    const found = circle(graph, next, [...above, path], done);
    if (found) return found;
  }
  done.add(path);
  return null;
}

async function main(): Promise<void> {
  const roots = ["mod.ts", "cli.ts"];
  for (const entry of Deno.readDirSync(new URL("internal/entry/", ROOT))) {
    roots.push(`internal/entry/${entry.name}`);
  }
  const { own: graph, others } = await readGraph(roots);
  const faults: string[] = [];
  const callers: string[] = [];
  for (const [path, imports] of graph) {
    if (layerOf(path) === -1) faults.push(`${path} is in no layer`);
    for (const imported of imports) {
      if (imported === ALL) continue;
      if (layerOf(imported) > layerOf(path)) {
        faults.push(`${path} imports upwards: ${imported}`);
      }
      if (imported === "mod.ts" || imported.startsWith("internal/entry/")) {
        if (path === "process.ts" || path === "thread.ts") continue;
        faults.push(`${path} imports ${imported}, which nobody may`);
      }
    }
    const text = await Deno.readTextFile(new URL(path, ROOT));
    if (/\bDeno\.dlopen\(/.test(text)) callers.push(path);
  }
  for (const [path, packages] of others) {
    if (COMMAND.test(path)) continue;
    faults.push(`${path} imports ${packages.join(" and ")}, a package`);
  }
  const done = new Set<string>();
  for (const path of graph.keys()) {
    const found = circle(graph, path, [], done);
    if (found) {
      faults.push(`imports go in a circle: ${found.join(" -> ")}`);
      break;
    }
  }
  if (callers.length > 1) {
    faults.push(`Deno.dlopen is called in ${callers.join(" and ")}`);
  }
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) Deno.exit(1);
  console.log(`${graph.size} modules in ${LAYERS.length} layers`);
}

if (import.meta.main) await main();
