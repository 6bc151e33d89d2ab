/** Paths as URLs and back: all that is needed of it, without an import. */

const isWindows = Deno.build.os === "windows";

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
