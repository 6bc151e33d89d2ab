/**
 * Reads messages as hexadecimal digits, a JSON list of them, and answers with
 * what cbor-x makes of each, and how it writes that itself.
 */

// Not a literal: whoever only checks the types should not have to load it.
const specifier = "npm:cbor-x@1.6.0";
const { Encoder } = await import(specifier);

const codecs = [
  new Encoder({ useRecords: false, structuredClone: true }),
  new Encoder({
    useRecords: false,
    structuredClone: true,
    variableMapSize: true,
  }),
];
const messages: string[] = await new Response(Deno.stdin.readable).json();
const answers = messages.map((digits) => {
  const value = codecs[0].decode(Uint8Array.fromHex(digits));
  return {
    text: Deno.inspect(value, { depth: 20 }),
    bytes: codecs.map((codec) => new Uint8Array(codec.encode(value)).toHex()),
  };
});
console.log(JSON.stringify(answers));
