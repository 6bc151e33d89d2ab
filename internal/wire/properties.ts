/**
 * Sets a property on an object, whatever its name. One that the object inherits
 * may be a setter, or read-only, and `__proto__` is.
 */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key in object) define(object, key, value, true);
  else (object as Record<string, unknown>)[key] = value;
}

/** Sets a property that is not enumerable. */
export function setHidden(object: object, key: string, value: unknown): void {
  define(object, key, value, false);
}

function define(
  object: object,
  key: string,
  value: unknown,
  enumerable: boolean,
): void {
  Object.defineProperty(object, key, {
    value,
    writable: true,
    enumerable,
    configurable: true,
  });
}
