import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encode } from "../../internal/wire/encode.ts";
import { Random } from "./random.ts";
import { assertSame, sent } from "./support.ts";

describe("codec: random values", () => {
  it("arrive as structuredClone copies them, with all cycles and sharing", () => {
    for (let seed = 0; seed < 4000; seed++) {
      const value = new Random(seed).value();
      try {
        assertSame(sent(value), structuredClone(value));
      } catch (error) {
        throw new Error(`seed ${seed}: ${Deno.inspect(value)}`, {
          cause: error,
        });
      }
    }
  });

  it("are the same bytes again when they have arrived", () => {
    for (let seed = 0; seed < 1000; seed++) {
      const value = new Random(seed).value();
      const bytes = encode(value);
      assertEquals(encode(sent(value)).toHex(), bytes.toHex(), `seed ${seed}`);
    }
  });
});
