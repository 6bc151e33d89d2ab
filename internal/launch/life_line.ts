/**
 * How a child learns that its parent has died, so that it ends too, wherever
 * its own code is: idle, waiting, or in an endless loop.
 *
 * With ffi the kernel does it: PR_SET_PDEATHSIG. Without, the parent's end of
 * the child's stdin is the life line: the parent never closes it, so that its
 * end of file is the parent's death, which a Worker waits for. The Worker starts
 * before the target, because a target that never yields would not let it; it
 * costs 10 ms and 14 MB, which is the price of not granting ffi.
 *
 * The race worth knowing: a parent that dies before the child has asked the
 * kernel for the signal. So the child looks after it has asked: whether it has
 * another parent, and whether the thread that started it has closed the pipe.
 */

import { cString, libc } from "../memory/libc.ts";
import { hideStdin } from "./hide_stdin.ts";
import { refWorker } from "./worker_ref.ts";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const O_RDWR = 2;
const POLLHUP = 16;

let asked = false;

/** From now on the kernel ends this process with its parent; `false`: it cannot. */
export function askKernel(parentPid: number): boolean {
  const c = libc();
  if (c === null) return false;
  asked = c.prctl(PR_SET_PDEATHSIG, BigInt(SIGKILL), 0n, 0n, 0n) === 0;
  if (Deno.ppid !== parentPid) Deno.exit(1);
  return asked;
}

/**
 * From now on this process ends when its parent does. Everything that the
 * parent has to say on stdin has been read, but where it shares no memory: then
 * `received` is called with what follows.
 */
export function dieWithParent(
  parentPid: number,
  received?: (bytes: Uint8Array) => void,
): void {
  if ((asked || askKernel(parentPid)) && received === undefined) {
    if (isStdinClosed()) Deno.exit(1);
    leaveStdin();
  } else watchStdin(received);
}

/**
 * Whether the parent's end of stdin is closed. The kernel's signal is for the end
 * of the *thread* that started this process. A Worker of the parent that ended
 * before the signal was asked for had closed its end of the pipe before.
 */
function isStdinClosed(): boolean {
  const pollfd = new Int16Array(4); // fd (two of these), events, revents
  libc()!.poll(pollfd, 1n, 0);
  return (pollfd[3]! & POLLHUP) !== 0;
}

/**
 * Puts `/dev/null` in the place of stdin: the pipe is not needed any more, and
 * this process's own subprocesses would inherit it.
 */
function leaveStdin(): void {
  const c = libc()!;
  const fd = c.open(cString("/dev/null"), O_RDWR);
  if (fd < 0) return;
  c.dup2(fd, 0);
  c.close(fd);
}

/** A process may kill itself without run permission. */
const WATCHDOG = `const bytes = new Uint8Array(65536);
for (let n; (n = Deno.stdin.readSync(bytes)) !== null;) {
  const chunk = bytes.slice(0, n);
  postMessage(chunk, [chunk.buffer]);
}
Deno.kill(Deno.pid, "SIGKILL");`;

function watchStdin(received?: (bytes: Uint8Array) => void): void {
  hideStdin();
  const worker = new Worker(
    `data:application/javascript,${encodeURIComponent(WATCHDOG)}`,
    { type: "module", name: "life line" },
  );
  if (received) worker.onmessage = ({ data }) => received(data);
  // Where the runtime cannot, a forked child that lacks ffi ends with its parent
  // only.
  refWorker(worker, false);
}
