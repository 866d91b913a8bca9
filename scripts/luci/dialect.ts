/**
 * LuCI's dialect of JavaScript, read: a file is the body of a function, so it returns at its top, and the texts it begins with name the
 * modules that this function is given: 'require view', 'require tools.widgets as widgets'.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** @throws Error it cannot be read: file, line and why */
export function parse(path: string, text: string): ts.SourceFile {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2020, true, ts.ScriptKind.JS);
  const [trouble] = (file as ts.SourceFile & { parseDiagnostics: readonly ts.Diagnostic[] }).parseDiagnostics;
  if (trouble !== undefined) {
    const words = ts.flattenDiagnosticMessageText(trouble.messageText, ' ');
    throw new Error(`${placeOf(file, trouble.start ?? 0)}: ${words}`);
  }
  return file;
}

/** `view/l2tpwan/status.js:12` */
export const placeOf = (file: ts.SourceFile, at: number): string =>
  `${file.fileName}:${file.getLineAndCharacterOfPosition(at).line + 1}`;

/** Names that the modules which it requires have in it. */
export function requiredNames(file: ts.SourceFile): string[] {
  const names: string[] = [];
  for (const statement of file.statements) {
    if (!ts.isExpressionStatement(statement) || !ts.isStringLiteral(statement.expression)) break;
    const [, module, name] =
      /^require[ \t]+(\S+)(?:[ \t]+as[ \t]+([a-zA-Z_]\S*))?$/.exec(statement.expression.text) ?? [];
    if (module !== undefined) names.push(name ?? module.replace(/\W/g, '_'));
  }
  return names;
}

/**
 * The same as a script that any reader takes: at its top it throws what it would return, a statement of the same shape.
 * @returns the script, and what makes the dialect of it again, whatever a formatter has done to it
 */
export function asScript(path: string, text: string): { script: string; back: (script: string) => string } {
  const before = exits(parse(path, text));
  const isReturn = before.map(({ kind }) => kind === ts.SyntaxKind.ReturnStatement);
  const script = replaced(
    text,
    before.filter((_, index) => isReturn[index]),
    'return',
    'throw',
  );
  const back = (formatted: string) => {
    const after = exits(parse(path, formatted));
    if (after.length !== before.length) throw new Error(`${path}: a script with other exits came back`);
    return replaced(
      formatted,
      after.filter((_, index) => isReturn[index]),
      'throw',
      'return',
    );
  };
  return { script, back };
}

/** Where it ends as a whole, in the order of the text: each `return` and `throw` that is in no function. */
function exits(file: ts.SourceFile): ts.Statement[] {
  const found: ts.Statement[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node)) return;
    if (ts.isReturnStatement(node) || ts.isThrowStatement(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

const replaced = (text: string, statements: readonly ts.Statement[], from: string, to: string): string =>
  statements.reduceRight((rest, statement) => {
    const at = statement.getStart();
    return rest.slice(0, at) + to + rest.slice(at + from.length);
  }, text);

/** Every file below a folder whose name ends so, relative to `top`, in order. None where there is no such folder. */
export function filesBelow(top: string, folder: string, ending: string): string[] {
  let entries: ReturnType<typeof list>;
  try {
    entries = list(join(top, folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map(({ parentPath, name }) => join(parentPath, name).slice(top.length + 1))
    .sort();
}

const list = (folder: string) => readdirSync(folder, { recursive: true, withFileTypes: true });
