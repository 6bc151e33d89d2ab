/** Reads the command line. */

import { parseArgs } from "@std/cli/parse-args";
import type { Texts } from "./options.ts";
import { KEY_VARIABLE } from "./options.ts";
import { UsageError } from "./usage_error.ts";

/** The options of a command, all of them with two hyphens. */
interface Syntax {
  readonly texts: readonly string[];
  readonly flags: readonly string[];
  /** The names of the arguments that it needs. */
  readonly positional: readonly string[];
}

const WAY = ["address", "authkey-file"];
const CLIENT = [...WAY, "ca", "hostname"];

const SYNTAX = {
  serve: {
    texts: [...WAY, "cert", "key", "retries", "maxsize"],
    flags: ["quiet"],
    positional: [],
  },
  work: {
    texts: [...CLIENT, "processes", "name"],
    flags: ["tls", "threads", "quiet"],
    positional: ["MODULE"],
  },
  status: {
    texts: [...CLIENT, "interval"],
    flags: ["tls", "once", "json"],
    positional: [],
  },
} satisfies Record<string, Syntax>;

/** The names of what can be done. */
export type CommandName = keyof typeof SYNTAX;

/** What is to be done, and how. */
export type CommandLine =
  | { readonly is: "version" }
  | {
    readonly is: "help";
    /** What it is about; `null`: all that can be done. */
    readonly about: CommandName | null;
  }
  | {
    readonly is: CommandName;
    readonly texts: Texts;
    readonly flags: Readonly<Record<string, boolean>>;
    readonly positional: readonly string[];
  };

/** What a command line says. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const [name] = args;
  if (args.includes("--help") || args.includes("-h") || name === "help") {
    return { is: "help", about: args.find(isCommand) ?? null };
  }
  if (name === "--version" || name === "-V") return { is: "version" };
  if (name === undefined) {
    throw new UsageError("Cannot tell what to do: say serve, work or status");
  }
  if (!isCommand(name)) {
    throw new UsageError(
      `Cannot do "${name}" as there is no such command: say serve, work or status`,
    );
  }
  const syntax: Syntax = SYNTAX[name];
  const given = joinValues(args.slice(1), syntax.texts);
  const parsed = parseArgs(given, {
    string: [...syntax.texts, "_"],
    boolean: [...syntax.flags],
    unknown: (arg, key) => {
      if (key !== undefined) refuse(name, arg);
    },
  });
  const texts: Record<string, string> = {};
  const flags: Record<string, boolean> = {};
  for (const option of syntax.texts) {
    const text = parsed[option];
    if (text === undefined) continue;
    if (text === "") {
      const isEmpty = given.includes(`--${option}=`);
      throw new UsageError(
        `Cannot use --${option} ${
          isEmpty ? "as its value is empty" : "without a value"
        }: write --${option}=VALUE`,
      );
    }
    texts[option] = String(text);
  }
  for (const option of syntax.flags) flags[option] = parsed[option] === true;
  const positional = parsed._.map(String);
  checkPositional(name, positional, syntax.positional);
  return { is: name, texts, flags, positional };
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(SYNTAX, name);
}

/** Ties to their options what would not count as values: negative numbers, nothing. */
function joinValues(
  args: readonly string[],
  texts: readonly string[],
): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const option = joined.at(-1) ?? "";
    const isValue = /^(-[\d.].*)?$/s.test(arg) &&
      texts.some((text) => option === `--${text}`);
    if (isValue) joined[joined.length - 1] = `${option}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

function refuse(name: CommandName, arg: string): never {
  if (/^--authkey(=|$)/.test(arg)) {
    throw new UsageError(
      `Cannot take the key from the command line as everybody on this machine can read it there: write it to a file that only you can read and name that by --authkey-file, or put it into the environment as ${KEY_VARIABLE}`,
    );
  }
  const { texts, flags } = SYNTAX[name];
  const known = [...texts, ...flags, "help"].map((option) => `--${option}`);
  throw new UsageError(
    `Cannot use ${
      arg.replace(/=.*/s, "")
    } as ${name} has no such option: it has ${known.join(", ")}`,
  );
}

function checkPositional(
  name: CommandName,
  given: readonly string[],
  needed: readonly string[],
): void {
  if (given.length < needed.length) {
    throw new UsageError(
      `Cannot ${name} without ${needed[given.length]}: ${name} needs ${
        needed.join(" ")
      }`,
    );
  }
  if (given.length > needed.length) {
    throw new UsageError(
      `Cannot use "${given[needed.length]}" as ${name} takes ${
        needed.length === 0 ? "no arguments" : `nothing but ${needed.join(" ")}`
      } beside options`,
    );
  }
}
