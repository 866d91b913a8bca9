/** Where a command's words go: results to one side, complaints to the other. */
export interface Terminal {
  /** Text with its last line end still missing. */
  print(text: string): void;
  complain(text: string): void;
  /** Whether results go to a screen that understands colours. */
  readonly isScreen: boolean;
}

export const processTerminal: Terminal = {
  print: (text) => process.stdout.write(`${text}\n`),
  complain: (text) => process.stderr.write(`${text.replace(/^/gm, 'l2tpwan: ')}\n`),
  isScreen: process.stdout.isTTY === true && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb',
};
