/** A file for tasks to write to, for as long as a test runs. */
export async function tempFile(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempFile();
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path),
  };
}
