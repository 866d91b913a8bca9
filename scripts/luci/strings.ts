/** npm run luci:strings: writes the template of the LuCI app anew, and gives its translations what is new and takes what is gone. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { entriesOf, merged, messagesOf, templateOf } from './catalogue.ts';

const FOLDER = 'luci/luci-app-l2tpwan';
const NAME = 'l2tpwan';

function main(): void {
  const messages = messagesOf(FOLDER);
  mkdirSync(join(FOLDER, 'po/templates'), { recursive: true });
  writeFileSync(join(FOLDER, `po/templates/${NAME}.pot`), templateOf(messages));
  for (const language of readdirSync(join(FOLDER, 'po')).filter((name) => name !== 'templates')) {
    const path = join(FOLDER, 'po', language, `${NAME}.po`);
    const text = merged(readFileSync(path), messages);
    writeFileSync(path, text);
    const missing = entriesOf(text).filter(({ translated }) => translated.includes(''));
    process.stdout.write(`${language}: ${messages.length} texts, ${missing.length} to be translated\n`);
  }
}

try {
  main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
