/**
 * Where things lie in an arena. All numbers are bytes from its beginning.
 *
 * ```text
 *   0          HEADER    words of the arena itself
 *   64 KiB     LIVES     1,024 × 64: the life word of each slot
 *   1 MiB      SLOTS     1,024 × 4,096: the rest of each slot
 *   8 MiB      OBJECTS   a pointer to each object (objects.ts)
 *   12 MiB     PINS      what is on its way in messages (pins.ts)
 *   16 MiB     PAGES     a word for each page of 64 KiB
 *   …          INFOS     for each page of small blocks, which are taken
 *   …          the pages that the allocator hands out
 * ```
 *
 * The memory is sparse: what was never touched takes none. A *pointer* is an
 * offset in units of 64 bytes, a positive 32-bit number; 0 points to nothing.
 */

/** How many threads, of all processes together, can share an arena. */
export const SLOTS = 1024;
/** The words of a set of slots, a bit for each. */
export const SET_WORDS = SLOTS / 32;
/** How many objects an arena can have. */
export const MAX_OBJECTS = 2 ** 20;
/** How many objects can be in messages at once. */
export const MAX_PINS = 2 ** 16;

const PAGE_BITS = 16;
/** The allocator's unit. */
export const PAGE = 2 ** PAGE_BITS;
/** A pointer's unit. */
export const UNIT_BITS = 6;
export const UNIT = 2 ** UNIT_BITS;

export const LIVES = 2 ** 16;
export const LIFE_BYTES = 64;
export const SLOT_PAGES = 2 ** 20;
export const SLOT_BYTES = 4096;
export const OBJECT_TABLE = 2 ** 23;
export const PIN_TABLE = 12 * 2 ** 20;
export const PIN_BYTES = 32;
export const PAGE_TABLE = 2 ** 24;
/** A bit for each block of 64 bytes, and four words. */
export const INFO_BYTES = 144;

/** Words of the header, by their index. */
export const Header = {
  /** What this is: `MAGIC`, written last. */
  MAGIC: 0,
  /** Its size in pages. */
  PAGES: 1,
  /** 16 random bytes that tell it from others. */
  ID: 2,
  /** The process whose file descriptor it can be opened through, and that. */
  MAKER_PID: 6,
  MAKER_FD: 7,
  /** The end of the slots that were ever used. */
  SLOTS_TOP: 8,
  /** How often a thread has joined or left. */
  MEMBERSHIP: 9,
  /** The end of the objects that there ever were. */
  OBJECTS_TOP: 10,
  /** Where to look for a free entry first. */
  OBJECTS_HINT: 11,
  PINS_TOP: 12,
  PINS_HINT: 13,
  /** The number of the next object. */
  NEXT_UID: 14,
  /** 1: threads look every now and then, as the system has nothing better. */
  POLLING: 15,
  /** The number of the next pin. */
  NEXT_PIN: 29,
  /** The lock of who makes, finds or ends what has a name (segment.ts). */
  NAMES: 30,
  /** Grows with each object that ends: see objects.ts. */
  EPOCH: 31,
  /** The allocator's lock; see allocator.ts for all of these. */
  LOCK: 16,
  FIRST_PAGE: 17,
  TOP: 18,
  HINT: 19,
  DIRTY: 20,
  /** The operation that is being done, for who must finish it. */
  INTENT: 24,
  INTENT_POINTER: 25,
  INTENT_WORD: 26, // an offset / 4, in two words
  INTENT_PAGES: 28,
  /** The first page of each size that has a free block. */
  CLASSES: 64,
} as const;

export const MAGIC = 0x4D50_0001;
