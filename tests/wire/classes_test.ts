import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DataCloneError, TimeoutError } from "../../errors.ts";
import {
  registerClass,
  registerHandle,
  UnknownClassError,
} from "../../internal/wire/classes.ts";
import { decode } from "../../internal/wire/decode.ts";
import { encode } from "../../internal/wire/encode.ts";
import { assertSame, sent } from "./support.ts";

class Point {
  static made = 0;
  constructor(public x: number, public y: number) {
    Point.made++;
  }
  get length(): number {
    return Math.hypot(this.x, this.y);
  }
}
registerClass(Point);

class Node {
  next: Node | null = null;
  items: unknown[] = [];
  set trap(_: unknown) {
    throw new Error("a setter was called");
  }
}
registerClass(Node);

class Money {
  #cents: number;
  note: unknown = null;
  constructor(cents: number) {
    this.#cents = cents;
  }
  static {
    registerClass(Money, {
      name: "shop.Money",
      encode: (money) => ({ cents: money.#cents, note: money.note }),
      decode(data) {
        const { cents, note } = data as { cents: number; note: unknown };
        return Object.assign(new Money(cents), { note });
      },
    });
  }
  get cents() {
    return this.#cents;
  }
}

describe("registerClass", () => {
  it("lets instances travel by their fields, without the constructor", () => {
    const made = Point.made;
    const copy = sent([new Point(3, 4), new Point(5, 6), { x: 1, y: 2 }]);
    assertEquals(Point.made, made + 2);
    assertSame(
      copy[0],
      Object.assign(Object.create(Point.prototype), { x: 3, y: 4 }),
    );
    assertEquals([copy[0].length, copy[1].x, copy[2].length], [
      5,
      5,
      undefined,
    ]);
  });

  it("keeps cycles and shared instances", () => {
    const node = new Node();
    node.next = node;
    node.items.push(node, new Map([[node, node.items]]));
    assertSame(sent(node), node);
    const point = new Point(1, 2);
    const [a, b] = sent([point, point]);
    assertStrictEquals(a, b);
  });

  it("sets fields, whatever the class inherits under their names", () => {
    const node = Object.defineProperty(new Node(), "trap", {
      value: 1,
      enumerable: true,
      writable: true,
      configurable: true,
    });
    assertSame(sent(node), node);
  });

  it("takes encode and decode, also for what nobody sees", () => {
    const money = new Money(150);
    money.note = new Money(2);
    const copy = sent([money, money]);
    assertInstanceOf(copy[0], Money);
    assertInstanceOf(copy[0].note, Money);
    assertEquals([copy[0].cents, copy[0].note.cents], [150, 2]);
    assertStrictEquals(copy[0], copy[1]);
  });

  it("takes subclasses of built-in classes by encode and decode", () => {
    class Dict extends Map<string, number> {}
    registerClass(Dict, {
      encode: (dict) => [...dict],
      decode: (data) => new Dict(data as [string, number][]),
    });
    assertSame(sent(new Dict([["a", 1]])), new Dict([["a", 1]]));
  });

  it("refuses an instance inside of what its own encode() gives", () => {
    const money = new Money(1);
    money.note = [money];
    const error = assertThrows(() => encode({ money }), DataCloneError);
    assertEquals(error.path, "value.money.encode().note[0]");
  });

  it("passes on what encode and decode throw", () => {
    class Moody {}
    registerClass(Moody, {
      encode: (_) => {
        throw new RangeError("not today");
      },
      decode: (_) => new Moody(),
    });
    assertThrows(() => encode(new Moody()), RangeError, "not today");
  });

  it("makes the receiver's error name the class that it does not know", () => {
    class Later {
      constructor(readonly x: number) {}
    }
    registerClass(Later, { name: "Later" });
    const bytes = encode(new Later(1));
    bytes[bytes.indexOf("r".charCodeAt(0))] = "n".charCodeAt(0);
    const error = assertThrows(
      () => decode(bytes),
      UnknownClassError,
      'class "Laten" is not registered here; call registerClass',
    );
    assertInstanceOf(error, DataCloneError);
    assertEquals(error.className, "Laten");
    // Once it is known, the same bytes can be read.
    class Laten {}
    registerClass(Laten);
    assertInstanceOf(decode(bytes), Laten);
  });

  it("may be called again, and then replaces encode and decode", () => {
    class Twice {
      x = 1;
    }
    registerClass(Twice);
    registerClass(Twice);
    assertSame(sent(new Twice()), new Twice());
    registerClass(Twice, {
      encode: () => 5,
      decode: (data) => Object.assign(new Twice(), { x: data }),
    });
    assertEquals(sent(new Twice()).x, 5);
  });

  it("refuses what it cannot register", () => {
    const cases: [() => void, string][] = [
      [() => registerClass({} as never), "is no class"],
      [() => registerClass((() => 1) as never), "is no class"],
      [
        () => registerClass(class {}),
        "anonymous class without a name: pass { name }",
      ],
      [() => registerClass(Map), "Map, which is built in"],
      [() => registerClass(URL), "URL, which is built in"],
      [() => registerClass(TypeError), "TypeError, which is built in"],
      [() => registerClass(TimeoutError), "it can be sent already"],
      [() => registerClass(Deno.errors.NotFound), "it can be sent already"],
      [
        () => registerClass(Point, { name: "Other" }),
        'it can be sent already, as "Point"',
      ],
      [
        () => registerClass(class A {}, { name: "Point" }),
        "another class Point has that name; pass { name }",
      ],
      [
        () => registerClass(class A {}, { name: "RangeError" }),
        "another class RangeError has that name",
      ],
      [
        () => registerClass(class A {}, { encode: () => 1 }),
        'with only one of "encode" and "decode"',
      ],
      [
        () => registerClass(class A {}, { decode: () => new Point(1, 1) }),
        'with only one of "encode" and "decode"',
      ],
      [
        () => registerClass(class A extends Map {}),
        "it extends Map, which holds more",
      ],
      [
        () => registerClass(class A extends Uint8Array {}),
        "it extends Uint8Array, which holds more",
      ],
      [
        () => registerClass(class A extends DOMException {}),
        "it extends DOMException, which holds more",
      ],
      [
        () => registerClass(class A extends EventTarget {}),
        "it extends EventTarget, which holds more",
      ],
    ];
    for (const [register, text] of cases) {
      const error = assertThrows(register, TypeError, "", text);
      assert(error.message.startsWith("Cannot register "), error.message);
      assert(
        error.message.includes(text),
        `${error.message}\ndoes not say ${text}`,
      );
    }
    registerClass(class A {}, { name: "an anonymous one's" });
    registerClass(class NotFound {});
  });
});

describe("registerHandle", () => {
  class Ticket {
    constructor(readonly id: number) {}
  }
  registerHandle({
    name: "ticket",
    class: Ticket,
    encode: ({ id }) => id,
    decode: (data) => new Ticket(data as number),
  });

  it("lets objects of this library travel", () => {
    const ticket = new Ticket(5);
    const [a, b] = sent([ticket, ticket]);
    assertSame(a, ticket);
    assertStrictEquals(a, b);
  });

  it("keeps its names apart from those of users", () => {
    class T {}
    registerClass(T, { name: "ticket" });
    assertSame(sent([new T(), new Ticket(1)]), [new T(), new Ticket(1)]);
    assertThrows(() => registerClass(Ticket), TypeError, "can be sent already");
  });

  it("makes the receiver's error say which it does not know", () => {
    const bytes = encode(new Ticket(1));
    bytes[bytes.indexOf("t".charCodeAt(0))] = "w".charCodeAt(0);
    assertThrows(() => decode(bytes), UnknownClassError, '"wicket"');
  });
});
