/**
 * Where a text is not JSON (RFC 8259): line, column and what is wrong, never a word of the text itself, which may be a secret.
 * JSON.parse says it too, but quotes the text, and only sometimes tells the place.
 */

export interface JsonFault {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  readonly words: string;
}

/** The first fault of a text; undefined when JSON.parse will take it. A field named twice is a fault: one of them would be lost. */
export function jsonFault(text: string): JsonFault | undefined {
  try {
    new Scanner(text).document();
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const before = text.slice(0, error.at).split('\n');
    return { line: before.length, column: (before.at(-1) as string).length + 1, words: error.message };
  }
}

/** Deeper nesting is nobody's configuration, and would overflow the stack. */
const DEEPEST = 50;

class Fault extends Error {
  readonly at: number;

  constructor(at: number, words: string) {
    super(words);
    this.at = at;
  }
}

class Scanner {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value('a value');
    if (this.#next !== undefined) throw this.#fault('nothing more is allowed after the end of the value');
  }

  /** The next character that is not white space. */
  get #next(): string | undefined {
    this.#match(/[ \t\n\r]*/y);
    return this.#text[this.#at];
  }

  #value(wanted: string): void {
    const next = this.#next;
    if (next === undefined) throw this.#fault(`the text ends where ${wanted} should be`);
    if (next === '{') this.#list('}', () => this.#member(new Set()), 'a field');
    else if (next === '[') this.#list(']', () => () => this.#value('a value'), 'a value');
    else if (next === '"') this.#string();
    else if (
      this.#match(/-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y) === undefined &&
      this.#match(/true|false|null/y) === undefined
    )
      throw this.#fault(this.#strange(wanted));
    else if (/[\w.+-]/.test(this.#text[this.#at] ?? ' '))
      throw this.#fault('this number or word goes on as none should');
  }

  #list(end: '}' | ']', elements: () => () => void, wanted: string): void {
    this.#at++;
    if (++this.#depth > DEEPEST) throw this.#fault(`nested more than ${DEEPEST} deep`);
    const element = elements();
    if (this.#next === end) this.#at++;
    else
      for (;;) {
        element();
        const next = this.#next;
        if (next === undefined) throw this.#fault(`the text ends where a comma or ${end} should be`);
        if (next !== ',' && next !== end) throw this.#fault(`a comma or ${end} should be here`);
        this.#at++;
        if (next === end) break;
        if (this.#next === end) throw this.#fault(`${wanted} should follow the comma`);
      }
    this.#depth--;
  }

  #member(seen: Set<string>): () => void {
    return () => {
      const next = this.#next;
      if (next !== '"')
        throw this.#fault(
          next === undefined ? 'the text ends where a field should be' : this.#strange('a field in double quotes'),
        );
      const at = this.#at;
      const name = this.#string();
      if (seen.has(name)) throw new Fault(at, 'a field with this name was there before');
      seen.add(name);
      if (this.#next !== ':') throw this.#fault('a colon should be here, after the name of the field');
      this.#at++;
      this.#value('the value of the field');
    };
  }

  #string(): string {
    const start = this.#at++;
    this.#match(/(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y);
    const next = this.#text[this.#at];
    if (next === undefined) throw new Fault(start, 'the quotes that open here are never closed');
    if (next === '\\') throw this.#fault('an unknown escape: a backslash itself is written \\\\');
    if (next === '\n' || next === '\r') throw this.#fault('the line ends inside the quotes');
    if (next !== '"') throw this.#fault('a control character inside the quotes: write it as an escape');
    this.#at++;
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  #strange(wanted: string): string {
    const comment = this.#text[this.#at] === '/' || this.#text[this.#at] === '#';
    return comment ? 'comments are not allowed in JSON' : `${wanted} should be here`;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fault(words: string): Fault {
    return new Fault(this.#at, words);
  }
}
