/** Checks of what a user gives to run something with: a process, thread or program. */

import { isIterable, isLeftAway, mustBe } from "../check.ts";
import { checkPermissions } from "./permissions.ts";

/** How a process, a thread or the workers of a pool are run. */
export const SETTING_NAMES = {
  module: true,
  permissions: true,
  env: true,
  cwd: true,
  stdout: true,
  stderr: true,
  v8Flags: true,
} as const;

/** Checks what is a text for other programs, too. */
export function checkText(value: unknown, cannot: string, name: string): void {
  if (typeof value === "string" && !value.includes("\0")) return;
  throw mustBe(cannot, name, "a string without NUL", value);
}

/** Checks environment variables. */
export function checkEnv(env: unknown, cannot: string): void {
  if (typeof env !== "object" || env === null || isIterable(env)) {
    throw mustBe(cannot, "env", 'an object, such as { A: "b" }', env);
  }
  for (const [name, value] of Object.entries(env)) {
    if (name === "" || /[=\0]/.test(name)) {
      throw new TypeError(
        `Cannot ${cannot} as the name of a variable in "env" must not be empty or contain "=" or NUL: current value is ${
          Deno.inspect(name)
        }`,
      );
    }
    checkText(value, cannot, `env.${name}`);
  }
}

/** Checks a working directory. */
export function checkCwd(cwd: unknown, cannot: string): void {
  if (cwd instanceof URL && cwd.protocol === "file:") return;
  if (typeof cwd === "string" && cwd !== "" && !cwd.includes("\0")) return;
  throw mustBe(cannot, "cwd", "a path or a file URL", cwd);
}

/** Checks how a process or a thread is to be run, also what threads ignore. */
export function checkProcessSettings(settings: object, cannot: string): void {
  const { env, cwd, stdout, stderr, v8Flags, permissions } =
    settings as Partial<
      Record<string, unknown>
    >;
  if (!isLeftAway(env)) checkEnv(env, cannot);
  if (!isLeftAway(cwd)) checkCwd(cwd, cannot);
  for (const [name, value] of Object.entries({ stdout, stderr })) {
    // It is not left away by null, which may be taken for "null".
    if (value === undefined || value === "inherit" || value === "null") {
      continue;
    }
    throw mustBe(cannot, name, '"inherit" or "null"', value);
  }
  if (!isLeftAway(permissions)) checkPermissions(permissions);
  if (isLeftAway(v8Flags)) return;
  if (!Array.isArray(v8Flags)) {
    throw mustBe(cannot, "v8Flags", "an array", v8Flags);
  }
  for (const [index, flag] of v8Flags.entries()) {
    checkText(flag, cannot, `v8Flags[${index}]`);
  }
}
