/** Runs all benchmarks, one after another: `deno task bench [NAME]`. */

const folder = new URL("../bench/", import.meta.url);
const names = [...Deno.readDirSync(folder)]
  .map((entry) => entry.name)
  .filter((name) => name.endsWith("_bench.ts"))
  .filter((name) => Deno.args.every((part) => name.includes(part)))
  .sort();
if (names.length === 0) {
  console.error(`there is no benchmark ${Deno.args.join(" ")}`);
  Deno.exit(2);
}
for (const name of names) {
  console.log(`\n${name}`);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", new URL(name, folder).href],
    stdin: "null",
  }).spawn().status;
  if (!success) Deno.exit(1);
}
