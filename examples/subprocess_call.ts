// A program run as on a command line, and its exit code.
import { subprocess } from "@multi/processing";

async function call(args: string[]) {
  console.log(`$ ${args.join(" ")}`);
  const code = await subprocess.call(args);
  console.log(`Exit code: ${code}`);
}

try {
  await call(["nslookup", "-timeout=2", "deno.com"]);
} catch (error) {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
  console.log("There is no nslookup here.");
  await call([Deno.execPath(), "--version"]);
}
