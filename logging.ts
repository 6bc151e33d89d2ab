/**
 * What this package says of its own doings, and a log that programs may use:
 * each line says which process it is from. It is silent until
 * {@linkcode logToStderr} is called, and children do as their parent does.
 *
 * ```ts no-assert
 * import { logToStderr } from "@multi/processing/logging";
 *
 * const logger = logToStderr("INFO");
 * logger.info("ready"); // [INFO/MainProcess] ready
 * ```
 *
 * Python: `multiprocessing.get_logger`, `multiprocessing.log_to_stderr`.
 *
 * @module
 */

import { mustBe } from "./internal/check.ts";
import { LEVELS, log, settings } from "./internal/launch/log.ts";

/** The name of a level. */
export type LogLevel =
  | "NOTSET"
  | "DEBUG"
  | "INFO"
  | "WARNING"
  | "ERROR"
  | "CRITICAL";

/**
 * The log of this thread, and of the children and threads that it starts from now on:
 * `setLevel()` changes nothing in those that run. The main thread's is that of the
 * process.
 */
export interface Logger {
  /** The least level that is logged, as Python numbers them: 20 is INFO. */
  readonly level: number;
  /** Sets the least level that is logged, by its name or number. */
  setLevel(level: LogLevel | number): void;
  /** Logs at a level of one's own. */
  log(level: LogLevel | number, message: string): void;
  /** Logs what matters for finding a fault. */
  debug(message: string): void;
  /** Logs that something went as it should. */
  info(message: string): void;
  /** Logs that something may go wrong. */
  warning(message: string): void;
  /** Logs that something went wrong. */
  error(message: string): void;
  /** Logs that the program cannot go on. */
  critical(message: string): void;
}

const logger: Logger = {
  get level() {
    return settings.level;
  },
  setLevel(level) {
    settings.level = levelNumber(level);
  },
  log(level, message) {
    log(levelNumber(level), message);
  },
  debug: (message) => log(LEVELS.DEBUG, message),
  info: (message) => log(LEVELS.INFO, message),
  warning: (message) => log(LEVELS.WARNING, message),
  error: (message) => log(LEVELS.ERROR, message),
  critical: (message) => log(LEVELS.CRITICAL, message),
};

function levelNumber(level: LogLevel | number): number {
  const number = typeof level === "string" ? LEVELS[level] : level;
  if (typeof number === "number" && number >= 0) return number;
  if (typeof level !== "string" && typeof level !== "number") {
    throw mustBe("log", "level", "a name or a number", level);
  }
  throw new RangeError(
    `Cannot log at level ${Deno.inspect(level)}: there are ${
      Object.keys(LEVELS).join(", ")
    }, or a number`,
  );
}

/**
 * The logger, which is the same at each call.
 *
 * @example Saying what goes on
 * ```ts
 * import { getLogger } from "@multi/processing/logging";
 * import { assertEquals } from "@std/assert";
 *
 * const logger = getLogger();
 * logger.setLevel("INFO");
 * logger.info("ready"); // silent without logToStderr()
 * assertEquals(logger.level, 20);
 * ```
 *
 * Python: `multiprocessing.get_logger`.
 */
export function getLogger(): Logger {
  return logger;
}

/**
 * Lets the log be written to stderr from now on, and gives the logger.
 *
 * @param level The least level that is logged; without one, as set before, or
 * WARNING.
 *
 * @example A log that is seen
 * ```ts
 * import { logToStderr } from "@multi/processing/logging";
 * import { assertEquals } from "@std/assert";
 *
 * const logger = logToStderr("INFO");
 * logger.info("ready"); // [INFO/MainProcess] ready
 * assertEquals(logger.level, 20);
 * ```
 *
 * Python: `multiprocessing.log_to_stderr`.
 */
export function logToStderr(level?: LogLevel | number): Logger {
  if (level !== undefined) logger.setLevel(level);
  settings.stderr = true;
  return logger;
}
