/** A folder that is there while a tool runs; one that is interrupted removes it, too. */
export function temporaryFolder(): Disposable & { path: string } {
  const path = Deno.makeTempDirSync();
  const remove = () => Deno.removeSync(path, { recursive: true });
  const interrupted = () => {
    remove();
    Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", interrupted);
  return {
    path,
    [Symbol.dispose]() {
      Deno.removeSignalListener("SIGINT", interrupted);
      remove();
    },
  };
}
