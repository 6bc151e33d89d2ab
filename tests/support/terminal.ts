/** A terminal: a pseudo-terminal that `script` of util-linux makes. */

/** Whether `script` of util-linux is here: other systems' has other options. */
export async function hasTerminal(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("script", {
      args: ["--version"],
    }).output();
    return new TextDecoder().decode(stdout).includes("util-linux");
  } catch {
    return false;
  }
}

/**
 * The command that runs `deno` with these arguments on a terminal, and ends
 * as that ends.
 *
 * It takes the shell's place: some shells stay, and end by Ctrl-C with 130
 * whatever the program that they ran made of it.
 */
export function onTerminal(args: readonly string[]): [string, ...string[]] {
  const quoted = [Deno.execPath(), ...args].map((word) =>
    `'${word.replaceAll("'", "'\\''")}'`
  );
  return ["script", "-qefc", `exec ${quoted.join(" ")}`, "/dev/null"];
}
