import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MessageJoiner, withLength } from "../internal/launch/pipe_messages.ts";
import {
  FrameReader,
  KEY_LENGTH,
  writeFrames,
} from "../internal/wire/frames.ts";

const text = new TextEncoder();

/** A small generator of numbers that are the same in every run. */
function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
}

function collect(key: Uint8Array) {
  const messages: Uint8Array[] = [];
  const texts: number[] = [];
  const reader = new FrameReader(key, {
    message: (bytes) => void messages.push(bytes),
    text: (bytes) => void texts.push(...bytes),
  });
  return { messages, texts, reader };
}

describe("frames", () => {
  const key = Uint8Array.from({ length: KEY_LENGTH }, (_, i) => i % 3 + 65);

  it("are told from text however the stream is cut", () => {
    const next = random(1);
    for (let round = 0; round < 300; round++) {
      const stream: number[] = [];
      const sent: Uint8Array[] = [];
      let said = "";
      for (let part = 0; part < 8; part++) {
        if (next(2) === 0) {
          const length = [0, 1, 50, 5000, 20_000][next(5)]!;
          const message = Uint8Array.from({ length }, () => next(256));
          sent.push(message);
          writeFrames(key, message, (frame) => stream.push(...frame));
        } else {
          // Beginnings of the key, among other text.
          const line = "ABCABCABCABCABCA".slice(0, next(KEY_LENGTH)) + "-\n";
          said += line;
          stream.push(...text.encode(line));
        }
      }
      const { messages, texts, reader } = collect(key);
      for (let at = 0; at < stream.length;) {
        const end = at + 1 + next(next(2) === 0 ? 20 : 6000);
        reader.push(Uint8Array.from(stream.slice(at, end)));
        at = end;
      }
      reader.end();
      assertEquals(messages, sent);
      assertEquals(new TextDecoder().decode(Uint8Array.from(texts)), said);
    }
  });

  it("are each at most one atomic write", () => {
    const sizes: number[] = [];
    writeFrames(key, new Uint8Array(100_000), (frame) => {
      sizes.push(frame.length);
    });
    assert(Math.max(...sizes) <= 4096);
  });

  it("tell of each part of a message but the last", () => {
    let parts = 0;
    const reader = new FrameReader(key, {
      part: () => void parts++,
      message: () => {},
      text: () => {},
    });
    let written = 0;
    writeFrames(key, new Uint8Array(100_000), (frame) => {
      reader.push(frame);
      written++;
    });
    assert(parts > 1);
    assertEquals(parts, written - 1);
  });

  it("that are cut off at the end are text", () => {
    const { messages, texts, reader } = collect(key);
    reader.push(key);
    assertEquals(texts, []);
    reader.end();
    assertEquals([messages.length, texts.length], [0, KEY_LENGTH]);
  });
});

describe("a message on stdin", () => {
  it("has moved with each part of it that comes", () => {
    const received: Uint8Array[] = [];
    const joiner = new MessageJoiner((bytes) => void received.push(bytes));
    const sent = Uint8Array.from({ length: 100 }, (_, i) => i);
    const bytes = withLength(sent);
    for (let at = 0; at < bytes.length; at += 30) {
      const { moved } = joiner;
      joiner.push(bytes.slice(at, at + 30));
      assertEquals(joiner.moved > moved, at > 0 && received.length === 0);
    }
    assertEquals(received, [sent]);
  });
});
