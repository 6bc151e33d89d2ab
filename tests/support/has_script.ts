/** Whether `script` of util-linux is here, which makes pseudo-terminals. */
export async function hasScript(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("script", {
      args: ["--version"],
    }).output();
    return new TextDecoder().decode(stdout).includes("util-linux");
  } catch {
    return false; // other systems' script has other options
  }
}
