/** What the codecs are measured with. */
export const PAYLOADS: Record<string, () => unknown> = {
  small: () => task(1),
  nested: () => ({
    users: Array.from({ length: 40 }, (_, i) => user(i)),
    total: 40,
  }),
  hundred: () => Array.from({ length: 100 }, (_, i) => task(i)),
  floats: () => Array.from({ length: 1000 }, (_, i) => i * 1.1),
  bytes: () => new Uint8Array(2 ** 20).fill(7),
};

function task(id: number): unknown {
  return { id, name: "task", args: [1, 2, 3] };
}

/** Forty of them are 10 KB as JSON. */
function user(i: number): unknown {
  return {
    id: i,
    name: `User ${i}`,
    email: `user${i}@example.com`,
    active: i % 2 === 0,
    score: i * 1.25,
    tags: ["alpha", "beta", `tag${i}`],
    address: {
      street: `${i} Main Street`,
      city: "Springfield",
      zip: String(10_000 + i),
    },
    history: [
      { at: 1_700_000_000 + i, what: "login" },
      { at: 1_700_000_100 + i, what: "logout" },
    ],
  };
}
