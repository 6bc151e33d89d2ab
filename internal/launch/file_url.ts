/** Paths as URLs and back: all that is needed of it, without an import. */

const isWindows = Deno.build.os === "windows";

/** The path from the root on, of one that may begin at this process's folder. */
export function absolutePath(path: string): string {
  return /^([a-z]:)?[\\/]/i.test(path) ? path : `${Deno.cwd()}/${path}`;
}

/** The path of a `file:` URL. */
export function filePath(url: URL): string {
  const path = decodeURIComponent(url.pathname);
  return isWindows ? path.slice(1) : path;
}

/** The `file:` URL of an absolute path. */
export function fileUrl(path: string): URL {
  const url = new URL("file:///");
  const slashed = isWindows ? `/${path.replaceAll("\\", "/")}` : path;
  url.pathname = slashed.replaceAll("%", "%25");
  return url;
}
