/** How objects of public classes are made that stand for something there is already. */

let given: object | null = null;

/** Makes an object by its constructor, which will take what is given. */
export function giving<T>(what: object, make: () => T): T {
  given = what;
  try {
    return make();
  } finally {
    given = null;
  }
}

/** For constructors: what is given, or else what is made. */
export function givenOr<S extends object>(make: () => S): S {
  const what = given as S | null;
  given = null;
  return what ?? make();
}
