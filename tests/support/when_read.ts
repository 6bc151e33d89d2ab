/** Options whose getter does something, and gives the time-out. */
export function whenRead(called: () => number): { timeout: number } {
  return {
    get timeout() {
      return called();
    },
  };
}
