/**
 * A list of keys that objects were seen with. Shapes live across messages, so
 * that a message finds out cheaply that an object has the keys of an earlier
 * one: along a tree, a key a step.
 */
export interface Shape {
  /** The message that last had an object of this shape, and its number there. */
  message: number;
  number: number;
  /** The shapes with one key more. Most have one of them only. */
  key: string | null;
  next: Shape | null;
  others: Map<string, Shape> | null;
}

/**
 * Objects used as dictionaries make shapes that never come again. When there
 * are so many, all are forgotten; those in use are soon there again.
 */
export const MAX_SHAPES = 4096;
/** With longer keys the forgetting would come too late. */
const MAX_KEY_LENGTH = 64;

let root = newShape();
let count = 0;

function newShape(): Shape {
  return {
    message: 0,
    number: 0,
    key: null,
    next: null,
    others: null,
  };
}

/** How many shapes are remembered. */
export function shapeCount(): number {
  return count;
}

/** The shape without keys. */
export function firstShape(): Shape {
  return root;
}

/** The shape with one key more; null if it is none to remember. */
export function nextShape(shape: Shape, key: string): Shape | null {
  return shape.key === key
    ? shape.next
    : shape.others?.get(key) ?? grow(shape, key);
}

function grow(shape: Shape, key: string): Shape | null {
  if (key.length > MAX_KEY_LENGTH) return null;
  if (count === MAX_SHAPES) {
    root = newShape(); // what the caller still holds just gets out of use
    count = 0;
  }
  count++;
  const next = newShape();
  if (shape.key === null) {
    shape.key = key;
    shape.next = next;
  } else {
    (shape.others ??= new Map()).set(key, next);
  }
  return next;
}
