/** What LuCI's pages say: every text in the sources of an app, and the catalogues (gettext's .pot and .po) that are made of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GetTextTranslations, po } from 'gettext-parser';
import ts from 'typescript';
import { filesBelow, parse, placeOf } from './dialect.ts';

/** Whatever the header says, and however: LuCI knows nothing else. */
const UTF8 = { defaultCharset: 'utf-8' };

/** One text that is to be translated. */
export interface Message {
  readonly context: string;
  readonly id: string;
  /** Its plural; undefined: it has none. */
  readonly plural: string | undefined;
  /** Files that it stands in. Without lines: they would make a change of every change. */
  readonly files: readonly string[];
}

/** By context and text. @throws Error a text that LuCI could not look up: file, line and why */
export function messagesOf(app: string): Message[] {
  const read = (file: string) => readFileSync(join(app, file), 'utf8');
  const found = [
    ...filesBelow(app, 'htdocs', '.js').flatMap((file) => textsOfScript(file, read(file))),
    ...filesBelow(app, 'root/usr/share/luci/menu.d', '.json').flatMap((file) => textsOfJson(file, read(file), 'title')),
    ...filesBelow(app, 'root/usr/share/rpcd/acl.d', '.json').flatMap((file) =>
      textsOfJson(file, read(file), 'description'),
    ),
  ];
  const messages = new Map<string, Message>();
  for (const message of found) {
    const known = messages.get(keyOf(message));
    if (known !== undefined && known.plural !== message.plural)
      throw new Error(`${message.files[0]}: "${message.id}" has no plural, or another one, in ${known.files[0]}`);
    messages.set(keyOf(message), { ...message, files: [...new Set([...(known?.files ?? []), ...message.files])] });
  }
  return [...messages.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** The same for the same text, whatever its plural is. */
export const keyOf = ({ context, id }: Pick<Message, 'context' | 'id'>): string => `${context}\u0004${id}`;

/** The .pot. */
export const templateOf = (messages: readonly Message[]): Buffer =>
  compile({ 'Content-Type': 'text/plain; charset=UTF-8' }, messages, () => []);

/** The .po of a language with these texts and no others; what is translated already stays so. */
export function merged(before: Uint8Array, messages: readonly Message[]): Buffer {
  const { headers } = po.parse(Buffer.from(before), UTF8);
  const known = new Map(entriesOf(before).map((entry) => [keyOf(entry), entry]));
  return compile(headers, messages, (message) => {
    const entry = known.get(keyOf(message));
    return entry?.plural === message.plural ? (entry?.translated ?? []) : [];
  });
}

/** A text of a catalogue; `translated` holds its forms, '' where there is none. */
export interface Entry extends Pick<Message, 'context' | 'id' | 'plural'> {
  readonly translated: readonly string[];
}

/** All of a catalogue, in its order, without the header. */
export function entriesOf(catalogue: Uint8Array): Entry[] {
  const { translations } = po.parse(Buffer.from(catalogue), UTF8);
  return Object.values(translations)
    .flatMap((entries) => Object.values(entries))
    .filter(({ msgid }) => msgid !== '')
    .map(({ msgctxt = '', msgid, msgid_plural, msgstr }) => ({
      context: msgctxt,
      id: msgid,
      plural: msgid_plural,
      translated: msgstr,
    }));
}

function compile(
  headers: Record<string, string>,
  messages: readonly Message[],
  translated: (message: Message) => readonly string[],
): Buffer {
  const translations: GetTextTranslations['translations'] = { '': {} };
  for (const message of messages) {
    const { context, id, plural, files } = message;
    const [first = '', ...others] = translated(message);
    translations[context] ??= {};
    translations[context][id] = {
      ...(context !== '' && { msgctxt: context }),
      msgid: id,
      ...(plural !== undefined && { msgid_plural: plural }),
      msgstr: [first, ...others],
      comments: { reference: files.join('\n') },
    };
  }
  return Buffer.concat([po.compile({ charset: 'utf-8', headers, translations }), Buffer.from('\n')]);
}

// ---- Sources ----------------------------------------------------------------------------------------------------

/** Arguments of LuCI's two functions, by position. */
const FUNCTIONS: Readonly<Record<string, { id: number; plural?: number; context: number }>> = {
  _: { id: 0, context: 1 },
  N_: { id: 1, plural: 2, context: 3 },
};

function textsOfScript(path: string, text: string): Message[] {
  const file = parse(path, text);
  const found: Message[] = [];
  const complain = (node: ts.Node, words: string): never => {
    throw new Error(`${placeOf(file, node.getStart())}: ${words}`);
  };
  const literal = (name: string, call: ts.CallExpression, index: number): string => {
    const argument = call.arguments[index] ?? call;
    if (!ts.isStringLiteralLike(argument)) return complain(argument, `${name}() takes a text that can be read here`);
    if (argument.text !== canonical(argument.text) || argument.text === '')
      complain(argument, `LuCI does not find it: "${argument.text}" is empty, or has blanks at an end, or two of them`);
    return argument.text;
  };
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && Object.hasOwn(FUNCTIONS, node.text) && isHandedOn(node))
      complain(node, `${node.text} is handed on: what it will be called with cannot be read here`);
    const name = ts.isCallExpression(node) && ts.isIdentifier(node.expression) ? node.expression.text : '';
    if (ts.isCallExpression(node) && Object.hasOwn(FUNCTIONS, name)) {
      const { id, plural, context } = FUNCTIONS[name] as (typeof FUNCTIONS)[string];
      found.push({
        id: literal(name, node, id),
        plural: plural === undefined ? undefined : literal(name, node, plural),
        context: node.arguments.length > context ? literal(name, node, context) : '',
        files: [path],
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** LuCI looks a text up without blanks that mean nothing; the catalogue has it as it is written. */
const canonical = (text: string): string => text.trim().replace(/[ \t\n]+/g, ' ');

/** Whether a function is handed on, as in `words.map(_)`; it may be called, or be the name of something else. */
function isHandedOn(name: ts.Identifier): boolean {
  const { parent } = name;
  if (ts.isCallExpression(parent)) return parent.expression !== name;
  return (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) && parent.initializer === name;
}

function textsOfJson(file: string, text: string, field: string): Message[] {
  const entries = Object.values(JSON.parse(text) as Record<string, Record<string, unknown>>);
  return entries.flatMap(({ [field]: id }) =>
    typeof id === 'string' ? [{ id, plural: undefined, context: '', files: [file] }] : [],
  );
}
