/** Whether all types of objects have been defined in this thread. */

let known = false;
let whenKnown: (() => void)[] = [];

/** Called when all types have been defined. */
export function typesAreKnown(): void {
  known = true;
  for (const callback of whenKnown) callback();
  whenKnown = [];
}

/** Calls back as soon as all types have been defined. */
export function onceTypesAreKnown(callback: () => void): void {
  if (known) callback();
  else whenKnown.push(callback);
}
