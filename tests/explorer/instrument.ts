/**
 * Rewrites modules so that another order of things can be tried at each of their
 * atomic steps: every function becomes a generator that yields the text of each call
 * of `Atomics` before it, and calls of these functions become `yield*`. So it is the code of
 * the library itself that is explored, not a model of it.
 *
 * What it can rewrite is what the protocols are written in: classes, functions,
 * arrow functions, getters. A generator or an `async` function is refused.
 */

// deno-lint-ignore no-import-prefix -- of this tool of the tests only
import ts from "npm:typescript@5.9.3";

/** The names of functions that become generators. */
interface Names {
  readonly methods: Set<string>;
  readonly getters: Set<string>;
  readonly functions: Set<string>;
}

/** Rewritten code: its functions are generators, whatever their types say. */
// deno-lint-ignore no-explicit-any
export type Rewritten = any;

/** Runs rewritten code without the explorer. */
export function runThrough<R>(steps: Generator<unknown, R>): R {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (typeof value === "object") throw new Error("it would sleep for ever");
  }
}

/** What is changed on the way. */
export interface Changes {
  /** Constants that are set to other values. */
  readonly constants?: Readonly<Record<string, string>>;
  /** Methods that stay as they are: one step. */
  readonly plain?: ReadonlySet<string>;
  /** Mistakes to make: texts that must be there, and what to put there instead. */
  readonly mistakes?: readonly (readonly [text: string, instead: string])[];
}

/**
 * Rewrites the modules at these URLs, and gives all that they export, as the
 * runtime has loaded it.
 */
export async function instrument(
  urls: readonly string[],
  { constants = {}, plain = new Set(), mistakes = [] }: Changes = {},
): Promise<Rewritten> {
  const folder = await Deno.makeTempDir({ prefix: "explorer-" });
  try {
    const sources = new Map<string, ts.SourceFile>();
    const unmade = new Set(mistakes);
    for (const url of urls) {
      let text = await Deno.readTextFile(new URL(url));
      for (const mistake of mistakes) {
        if (!text.includes(mistake[0])) continue;
        text = text.replace(...mistake);
        unmade.delete(mistake);
      }
      sources.set(
        url,
        ts.createSourceFile(url, text, ts.ScriptTarget.Latest, true),
      );
    }
    if (unmade.size > 0) {
      throw new Error(`no such text: ${[...unmade].map(([text]) => text)}`);
    }
    const names = collect([...sources.values()], plain);
    const fileOf = (url: string) =>
      `${folder}/${urls.indexOf(url)}_${url.split("/").at(-1)}`;
    for (const [url, source] of sources) {
      const result = ts.transform(source, [
        rewrite(names, constants, (specifier) => {
          const target = new URL(specifier, url).href;
          return sources.has(target) ? `file://${fileOf(target)}` : target;
        }),
      ]);
      const text = ts.createPrinter().printFile(result.transformed[0]!);
      await Deno.writeTextFile(fileOf(url), text);
    }
    const exported = {};
    for (const url of urls) {
      Object.assign(exported, await import(`file://${fileOf(url)}`));
    }
    return exported;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Which functions there are; what is called by one of these names is one. */
function collect(
  sources: readonly ts.SourceFile[],
  plain: ReadonlySet<string>,
): Names {
  const names: Names = {
    methods: new Set(),
    getters: new Set(),
    functions: new Set(["attempt"]), // a parameter, by custom
  };
  const visit = (node: ts.Node): void => {
    if (ts.isMethodDeclaration(node)) {
      if (node.asteriskToken || isAsync(node)) return;
      if (!plain.has(node.name.getText())) {
        names.methods.add(node.name.getText());
      }
    } else if (ts.isGetAccessorDeclaration(node)) {
      if (!plain.has(node.name.getText())) {
        names.getters.add(node.name.getText());
      }
    } else if (ts.isFunctionDeclaration(node) && node.name) {
      if (!plain.has(node.name.text)) names.functions.add(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  for (const source of sources) visit(source);
  return names;
}

function isAsync(node: ts.Node): boolean {
  return ts.canHaveModifiers(node) &&
    (ts.getModifiers(node) ?? []).some(({ kind }) =>
      kind === ts.SyntaxKind.AsyncKeyword
    );
}

function rewrite(
  names: Names,
  constants: Readonly<Record<string, string>>,
  resolve: (specifier: string) => string,
): ts.TransformerFactory<ts.SourceFile> {
  const f = ts.factory;
  const star = () => f.createToken(ts.SyntaxKind.AsteriskToken);
  return (context) => {
    /** Within a function that stays as it is, nothing can be yielded. */
    let yields = false;
    const inside = <N extends ts.Node>(node: N, allowed: boolean): N => {
      const outer = yields;
      yields = allowed;
      const result = ts.visitEachChild(node, visit, context);
      yields = outer;
      return result;
    };
    const delegate = (call: ts.Expression) =>
      f.createParenthesizedExpression(f.createYieldExpression(star(), call));
    const visit = (node: ts.Node): ts.Node => {
      if (
        (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
        node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)
      ) {
        const specifier = f.createStringLiteral(
          resolve(node.moduleSpecifier.text),
        );
        return ts.isImportDeclaration(node)
          ? f.updateImportDeclaration(
            node,
            node.modifiers,
            node.importClause,
            specifier,
            node.attributes,
          )
          : f.updateExportDeclaration(
            node,
            node.modifiers,
            node.isTypeOnly,
            node.exportClause,
            specifier,
            node.attributes,
          );
      }
      if (
        ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) &&
        Object.hasOwn(constants, node.name.text)
      ) {
        return f.updateVariableDeclaration(
          node,
          node.name,
          undefined,
          undefined,
          f.createIdentifier(constants[node.name.text]!),
        );
      }
      if (ts.isMethodDeclaration(node)) {
        if (!names.methods.has(node.name.getText())) return inside(node, false);
        const body = inside(node, true);
        return f.updateMethodDeclaration(
          body,
          body.modifiers,
          star(),
          body.name,
          undefined,
          body.typeParameters,
          body.parameters,
          undefined,
          body.body,
        );
      }
      if (ts.isGetAccessorDeclaration(node)) {
        if (!names.getters.has(node.name.getText())) return inside(node, false);
        const body = inside(node, true);
        return f.createMethodDeclaration(
          body.modifiers,
          star(),
          `get_${node.name.getText()}`,
          undefined,
          undefined,
          [],
          undefined,
          body.body,
        );
      }
      if (ts.isConstructorDeclaration(node)) return inside(node, false);
      if (ts.isFunctionDeclaration(node) && node.name) {
        if (!names.functions.has(node.name.text)) return inside(node, false);
        const body = inside(node, true);
        return f.updateFunctionDeclaration(
          body,
          body.modifiers,
          star(),
          body.name,
          body.typeParameters,
          body.parameters,
          undefined,
          body.body,
        );
      }
      if (ts.isArrowFunction(node)) {
        // Others who are given a function expect a plain one.
        const isArgument = ts.isCallExpression(node.parent) ||
          ts.isNewExpression(node.parent);
        if (isAsync(node) || !yields || isArgument) return inside(node, false);
        const inner = inside(node, true);
        const body = ts.isBlock(inner.body)
          ? inner.body
          : f.createBlock([f.createReturnStatement(inner.body)]);
        return f.createCallExpression(
          f.createPropertyAccessExpression(
            f.createParenthesizedExpression(
              f.createFunctionExpression(
                undefined,
                star(),
                undefined,
                undefined,
                inner.parameters,
                undefined,
                body,
              ),
            ),
            "bind",
          ),
          undefined,
          [f.createThis()],
        );
      }
      if (yields && ts.isCallExpression(node)) {
        const { expression } = node;
        if (ts.isIdentifier(expression) && expression.text === "pause") {
          // The explorer itself asks what is in it, at once.
          return f.createParenthesizedExpression(
            f.createYieldExpression(undefined, node.arguments[0]!),
          );
        }
        const call = ts.visitEachChild(node, visit, context);
        if (ts.isPropertyAccessExpression(expression)) {
          if (expression.expression.getText() === "Atomics") {
            return f.createParenthesizedExpression(
              f.createCommaListExpression([
                f.createYieldExpression(
                  undefined,
                  f.createStringLiteral(node.getText()),
                ),
                call,
              ]),
            );
          }
          if (names.methods.has(expression.name.text)) {
            if (
              expression.questionDotToken &&
              ts.isCallExpression(expression.expression)
            ) throw new Error(`too much in one: ${node.getText()}`);
            return node.questionDotToken || expression.questionDotToken
              ? f.createParenthesizedExpression(
                f.createConditionalExpression(
                  expression,
                  undefined,
                  delegate(
                    f.createCallExpression(
                      f.createPropertyAccessExpression(
                        ts.visitNode(
                          expression.expression,
                          visit,
                        ) as ts.Expression,
                        expression.name,
                      ),
                      undefined,
                      call.arguments,
                    ),
                  ),
                  undefined,
                  f.createIdentifier("undefined"),
                ),
              )
              : delegate(call);
          }
        }
        if (
          ts.isIdentifier(expression) && names.functions.has(expression.text)
        ) return delegate(call);
        return call;
      }
      if (
        yields && ts.isPropertyAccessExpression(node) &&
        names.getters.has(node.name.getText())
      ) {
        return delegate(
          f.createCallExpression(
            f.createPropertyAccessExpression(
              ts.visitNode(node.expression, visit) as ts.Expression,
              `get_${node.name.getText()}`,
            ),
            undefined,
            [],
          ),
        );
      }
      return ts.visitEachChild(node, visit, context);
    };
    return (source) => ts.visitNode(source, visit) as ts.SourceFile;
  };
}
