// An interactive program, fed with what one would type; its output and exit code.
import { subprocess } from "@multi/processing";

const { PIPE, Popen } = subprocess;

async function communicate(args: string[], input: string) {
  console.log(`$ ${args.join(" ")}`);
  const popen = new Popen(args, {
    stdin: PIPE,
    stdout: PIPE,
    text: true,
    env: { NO_COLOR: "1" },
  });
  const [output] = await popen.communicate(input);
  console.log(output);
  console.log(`Exit code: ${popen.returncode}`);
}

try {
  await communicate(["nslookup"], "set q=mx\nset timeout=2\ndeno.com\nexit\n");
} catch (error) {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
  console.log("There is no nslookup here.");
  await communicate([Deno.execPath(), "repl", "-q"], "6 * 7\nclose()\n");
}
