const FOR_EVER = 2 ** 30;

/** Makes a switch: while it is on, the program goes on. */
export function programHolder(): (yes: boolean) => void {
  let timer: ReturnType<typeof setInterval> | undefined;
  return (yes) => {
    clearInterval(timer);
    timer = yes ? setInterval(() => {}, FOR_EVER) : undefined;
  };
}
