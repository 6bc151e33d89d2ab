/**
 * What messages are made of: CBOR (RFC 8949), with tags where JavaScript has
 * more to say than it. Every message is valid CBOR that other readers can walk
 * through, also where they do not know a tag.
 *
 * ```text
 *   number             integer (safe ones, not -0), else a 64-bit float
 *   bigint             2, 3 around its bytes
 *   string             text; with lone surrogates 273 around WTF-8 bytes
 *   array              array; of numbers only: NUMBERS around 78 or 86;
 *                      with holes or names: SPARSE [length, {index or name: item}]
 *   plain object       map with text keys; of the shape of an earlier one in the
 *                      message: SHAPE [which, value…]
 *   Map, Set           259 around a map, 258 around an array
 *   Date               1 around seconds, or 1001 around {1: seconds, -3: ms}
 *   RegExp, URL        21066 [source, flags], 32 around its text
 *   boxed primitive    BOXED around the primitive
 *   Uint8Array         bytes; other typed arrays 68 … 86 around bytes
 *   DataView           DATA_VIEW around bytes
 *   ArrayBuffer        BUFFER around bytes, or RESIZABLE [bytes, maxByteLength]
 *   view of a buffer   that stands elsewhere in the message, too, or that it
 *                      grows with: VIEW [tag, buffer, offset, length or null]
 *   class instance     27 [name, fields or what its encode() gave]
 *   Error              27 [name, message, stack, hidden properties, fields]
 *   object of ours     HANDLE [name, data]
 * ```
 *
 * Where an object stands in a message twice, each object that can be referred to
 * is in 28, numbered in this order, and 29 around such a number is that object.
 * An array or map that ends in a break is read, but never written.
 *
 * Shapes are the maps that stand for plain objects or for the fields of an
 * instance and have 1 to `SHAPE_KEYS` keys, numbered in the order of their ends.
 */

/** The kinds of items (major types), at the bits where they stand. */
export const UNSIGNED = 0x00;
export const NEGATIVE = 0x20;
export const BYTES = 0x40;
export const TEXT = 0x60;
export const ARRAY = 0x80;
export const MAP = 0xa0;
export const TAG = 0xc0;

/** The kinds of items that are whole in one byte, and the one of floats. */
export const FALSE = 0xf4;
export const TRUE = 0xf5;
export const NULL = 0xf6;
export const UNDEFINED = 0xf7;
export const FLOAT64 = 0xfb;
export const BREAK = 0xff;
/** The low bits of an item that ends in a break. */
export const INDEFINITE = 31;

export const DATE_TEXT = 0;
export const DATE = 1;
export const BIGINT = 2;
export const NEGATIVE_BIGINT = 3;
export const OBJECT = 27;
export const SHAREABLE = 28;
export const REFERENCE = 29;
export const URL_TEXT = 32;
export const SET = 258;
export const JS_MAP = 259;
export const WTF8 = 273;
export const EXTENDED_TIME = 1001;
export const REGEXP = 21066;

/** The tags of typed arrays (RFC 8746), all little-endian. */
export const UINT8 = 64;
export const INT32 = 78;
export const FLOAT64_ARRAY = 86;

/** The tags that are ours, from "MP" on; they are registered nowhere. */
export const SHAPE = 0x4d50;
export const NUMBERS = 0x4d51;
export const SPARSE = 0x4d52;
export const BUFFER = 0x4d53;
export const RESIZABLE = 0x4d54;
export const VIEW = 0x4d55;
export const DATA_VIEW = 0x4d56;
export const BOXED = 0x4d57;
export const HANDLE = 0x4d58;

/** Objects with more keys are dictionaries rather than of a shape. */
export const SHAPE_KEYS = 32;
/**
 * How deep objects may be nested, in either direction. The stack of a thread, for
 * code that is not yet optimized, holds twice this of the kind that takes most
 * (errors by their cause), so that half of it is left to who calls.
 */
export const MAX_DEPTH = 500;
/**
 * How much address space the resizable buffers of one message may ask for
 * (the sum of their `maxByteLength`): the one length that no bytes stand for.
 */
export const MAX_RESERVED = 2 ** 30;
