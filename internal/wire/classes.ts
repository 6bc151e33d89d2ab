import { DataCloneError } from "../../errors.ts";
import { errorClasses } from "./error_classes.ts";
import { isBuiltIn } from "./unsendable.ts";

/** How instances of a registered class travel. */
export interface RegisterClassOptions<T extends object> {
  /** The name that the class has in messages; by default its own. */
  name?: string;
  /** What to send of an instance. Needs `decode`. */
  encode?(value: T): unknown;
  /** Makes an instance of what `encode` gave. */
  decode?(data: unknown): T;
}

/** A class whose instances may be sent. */
export interface SendableClass {
  readonly name: string;
  readonly class: abstract new (...args: never[]) => object;
  /** How its instances are written. */
  readonly kind: "fields" | "error" | "data" | "handle";
  readonly encode?: (value: never) => unknown;
  readonly decode?: (data: unknown) => object;
}

const byPrototype = new Map<object, SendableClass>();
const byName = new Map<string, SendableClass>();
/** Objects of ours have names of their own, which no user's class can take. */
const handlesByName = new Map<string, SendableClass>();

let hasErrors = false;

/** The built-in errors and ours, which are there from the first need on. */
function addErrors(): void {
  hasErrors = true;
  for (const [name, cls] of errorClasses()) {
    const sendable: SendableClass = { name, class: cls, kind: "error" };
    byPrototype.set(cls.prototype, sendable);
    byName.set(name, sendable);
  }
}

/** The class that has this prototype, if its instances may be sent. */
export function classOf(prototype: object): SendableClass | undefined {
  if (!hasErrors) addErrors();
  return byPrototype.get(prototype);
}

/** The class that has this name in messages. */
export function classNamed(name: string): SendableClass {
  if (!hasErrors) addErrors();
  return byName.get(name) ?? unknown("class", name);
}

/** The class of ours that has this name in messages. */
export function handleNamed(name: string): SendableClass {
  return handlesByName.get(name) ?? unknown("object", name);
}

function unknown(kind: "class" | "object", name: string): never {
  throw new UnknownClassError(kind, name);
}

/**
 * A message has an instance of a class that is not registered here (yet: a
 * module that registers it may not have been loaded).
 */
export class UnknownClassError extends DataCloneError {
  /** Whether it is a user's class, or one of this library's objects. */
  readonly kind: "class" | "object";
  /** The name of the class in messages. */
  readonly className: string;

  /** Makes the error, for a user's class or an object of this library. */
  constructor(kind: "class" | "object", className: string) {
    const name = JSON.stringify(className.slice(0, 100));
    super(
      kind === "class"
        ? `Cannot read this message: class ${name} is not registered here; ` +
          "call registerClass in a module that both sides load"
        : `Cannot read this message: the module of ${name} is not loaded ` +
          "here; import it",
    );
    this.kind = kind;
    this.className = className;
  }
}

/**
 * Lets instances of a class be sent to other processes and threads. Call it at
 * the top of the module that defines the class, so that whoever loads the class
 * knows it; a class that is not registered here cannot be sent, nor received.
 *
 * By default the own enumerable fields travel, and the instance is made of them
 * without the constructor (an error class also has `message`, `name`, `cause`
 * and `stack`). Private `#fields` are not seen, so a class that has some needs
 * `encode` and `decode`, both; so does one that extends a built-in class other
 * than an error. `encode` may be called more than once for one message, and what
 * it gives must not contain the instance itself.
 *
 * A class is registered for itself only, not for those that extend it. Doing
 * it again replaces `encode` and `decode`.
 *
 * @example Sending points
 * ```ts
 * import { Process, registerClass } from "@multi/processing/process";
 * import { DataCloneError } from "@multi/processing/errors";
 * import { assertThrows } from "@std/assert";
 *
 * class Point {
 *   constructor(readonly x: number, readonly y: number) {}
 * }
 * const show = (point: Point) => console.log(point.x, point.y);
 *
 * const process = new Process({ target: show, args: [new Point(3, 4)] });
 * assertThrows(() => process.start(), DataCloneError, "registerClass");
 *
 * registerClass(Point); // from now on it can be sent
 * ```
 *
 * @example With private fields
 * ```ts
 * import { registerClass } from "@multi/processing/process";
 * import { assertEquals } from "@std/assert";
 *
 * class Account {
 *   #balance: number;
 *   constructor(balance: number) {
 *     this.#balance = balance;
 *   }
 *   static {
 *     registerClass(Account, {
 *       encode: (account) => account.#balance,
 *       decode: (balance) => new Account(balance as number),
 *     });
 *   }
 *   get balance() {
 *     return this.#balance;
 *   }
 * }
 * assertEquals(new Account(5).balance, 5);
 * ```
 *
 * Python: `copyreg.pickle`.
 *
 * @param cls The class.
 * @param options Its name in messages, and how to send and make an instance.
 */
export function registerClass<T extends object>(
  cls: abstract new (...args: never[]) => T,
  options: RegisterClassOptions<T> = {},
): void {
  if (typeof cls !== "function" || typeof cls.prototype !== "object") {
    throw new TypeError(`Cannot register ${Deno.inspect(cls)}: it is no class`);
  }
  const { name = cls.name, encode, decode } = options;
  if (name === "") {
    throw new TypeError(
      "Cannot register an anonymous class without a name: pass { name }",
    );
  }
  if ((encode === undefined) !== (decode === undefined)) {
    throw new TypeError(
      `Cannot register class ${name} with only one of "encode" and "decode"`,
    );
  }
  if (isBuiltIn(cls)) {
    throw new TypeError(`Cannot register ${name}, which is built in`);
  }
  if (encode === undefined) checkFields(cls, name);
  const known = classOf(cls.prototype);
  if (known !== undefined && (known.name !== name || known.kind === "handle")) {
    throw new TypeError(
      `Cannot register class ${cls.name} as "${name}": ` +
        `it can be sent already, as "${known.name}"`,
    );
  }
  const other = byName.get(name);
  if (other !== undefined && other.class !== cls) {
    throw new TypeError(
      `Cannot register class ${cls.name} as "${name}": ` +
        `another class ${other.class.name} has that name; pass { name }`,
    );
  }
  const kind = encode !== undefined
    ? "data"
    : cls.prototype instanceof Error
    ? "error"
    : "fields";
  const sendable = { name, class: cls, kind, encode, decode } as SendableClass;
  byPrototype.set(cls.prototype, sendable);
  byName.set(name, sendable);
}

/** Checks that all that an instance is lies in its fields. */
function checkFields(cls: SendableClass["class"], name: string): void {
  let prototype = Object.getPrototypeOf(cls.prototype);
  while (prototype !== null && prototype !== Object.prototype) {
    const base = prototype.constructor;
    const holdsMore = base === DOMException ||
      classOf(prototype)?.kind !== "error" && typeof base === "function" &&
        isBuiltIn(base);
    if (holdsMore) {
      throw new TypeError(
        `Cannot register class ${name} without "encode" and "decode": ` +
          `it extends ${base.name}, which holds more than fields`,
      );
    }
    prototype = Object.getPrototypeOf(prototype);
  }
}

/** How objects of a class of this library travel: as what `encode` gives. */
export interface HandleOptions<T extends object> {
  /** Its name in messages. */
  readonly name: string;
  /** The class. */
  readonly class: abstract new (...args: never[]) => T;
  /** Called more than once, maybe, for one message: it must change nothing. */
  encode(object: T): unknown;
  /** Makes the object that stands for it here. */
  decode(data: unknown): T;
}

/** Lets objects of a class of this library be sent. */
export function registerHandle<T extends object>(
  { name, class: cls, encode, decode }: HandleOptions<T>,
): void {
  const kind = "handle";
  const sendable = { name, class: cls, kind, encode, decode } as SendableClass;
  byPrototype.set(cls.prototype, sendable);
  handlesByName.set(name, sendable);
}

let standInOf: (object: object) => object | null = () => null;

/**
 * Called by who knows what of ours to send in the place of an object that cannot
 * be sent itself; `null`: nothing.
 */
export function standInBy(means: (object: object) => object | null): void {
  standInOf = means;
}

/** What of ours to send in the place of that, and its class. */
export function standIn(
  object: object,
): { object: object; cls: SendableClass } | null {
  const other = standInOf(object);
  if (other === null) return null;
  return { object: other, cls: classOf(Object.getPrototypeOf(other))! };
}
