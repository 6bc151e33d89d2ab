/**
 * Unix sockets whose listener is gone. A process that is killed leaves its
 * socket behind: a file at which nobody answers, and which is in the way of the
 * next listener.
 */

/** Whether somebody answers is known within microseconds, once a Worker is up. */
const PROBE_MS = 3000;
/** How long to wait for another process that is replacing the same socket. */
const LOCK_MS = 3000;
const LOCK_RETRY_MS = 10;

const STALE = 1;
const IN_USE = 2;

/** To connect is asynchronous, and a constructor is not: so a Worker does it. */
const PROBE = `onmessage = async ({ data: { path, answer } }) => {
  let found = ${IN_USE};
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) found = ${STALE};
  }
  Atomics.store(answer, 0, found);
  Atomics.notify(answer, 0);
  close();
};`;

/**
 * Calls `listen` again, which has found `path` in use, after it has removed the
 * socket there, if nobody answers at it. Otherwise `listen` fails again.
 *
 * The race worth knowing: of two processes that find the same dead socket, the
 * slower one could remove the socket that the faster one has just made. So this
 * is done by one after the other: the folder is locked for it.
 */
export function replaceStale<T>(path: string, listen: () => T): T {
  using _lock = lockFolder(path);
  const before = identityOf(path);
  if (before !== null && isStale(path) && identityOf(path) === before) {
    Deno.removeSync(path);
  }
  return listen();
}

/** What tells this socket from another one of that name; `null`: no socket. */
export function identityOf(path: string): string | null {
  try {
    const { isSocket, dev, ino, mtime } = Deno.lstatSync(path);
    return isSocket ? `${dev} ${ino} ${mtime?.getTime()}` : null;
  } catch {
    return null;
  }
}

/** What is at a path that is no socket; `null`: one is, or nobody may know. */
export function otherAt(path: string): string | null {
  try {
    const { isSocket, isDirectory, isFile } = Deno.lstatSync(path);
    if (isSocket) return null;
    return isDirectory ? "a folder" : isFile ? "a file" : "something else";
  } catch {
    return null;
  }
}

function isStale(path: string): boolean {
  const answer = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(
    `data:application/javascript,${encodeURIComponent(PROBE)}`,
    { type: "module", name: "probe" },
  );
  worker.postMessage({ path, answer });
  Atomics.wait(answer, 0, 0, PROBE_MS);
  worker.terminate();
  return answer[0] === STALE;
}

function lockFolder(path: string): Disposable | null {
  const folder = path.slice(0, path.lastIndexOf("/") + 1) || ".";
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(folder);
  } catch {
    return null; // one may have no permission for the folder
  }
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < LOCK_MS; waited += LOCK_RETRY_MS) {
    if (file.tryLockSync(true)) break;
    Atomics.wait(never, 0, 0, LOCK_RETRY_MS);
  }
  return file;
}
