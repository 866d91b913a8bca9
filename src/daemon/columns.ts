/** Text in a terminal's columns: how wide it is, and how it is broken into lines. */

/** What a terminal of the last forty years can show. */
export const COLUMNS = 80;

/**
 * Lines of at most `width` columns, broken between words; words that are longer are broken themselves.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = '';
    for (const character of word) {
      if (widthOf(line + character) > width) {
        lines.push(line);
        line = '';
      }
      line += character;
    }
  }
  return [...lines, line];
}

/** `label` in front of the first line, blanks as wide in front of the others. */
export function hang(label: string, text: string): string[] {
  const plain = text.replace(/\p{Cc}+/gu, ' ');
  const indent = widthOf(label);
  return wrap(plain, COLUMNS - indent).map((line, index) => (index === 0 ? label : ' '.repeat(indent)) + line);
}

/** Columns that a terminal needs: two for the characters of East Asia, none for those that only modify others. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += MODIFYING.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

const MODIFYING = /\p{Mn}|\p{Me}|\u200d|\ufe0f/u;
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
