/** A tar archive (POSIX ustar) of a tree, the same octets for the same tree: everything is root's, of one date, in one order. */

export type Node =
  | { readonly type: 'file'; readonly mode: number; readonly bytes: Uint8Array }
  | { readonly type: 'directory'; readonly mode: number };

/** By path, relative and without a leading dot: `usr/bin/l2tpwan`. */
export type Tree = ReadonlyMap<string, Node>;

const BLOCK = 512;
const TYPE_FLAG = { file: '0', directory: '5' } as const;

/** @param seconds of every entry's date, since 1970 */
export function writeTar(tree: Tree, seconds: number): Uint8Array {
  const blocks: Uint8Array[] = [header('./', { type: 'directory', mode: 0o755 }, seconds)];
  for (const [path, node] of [...withParents(tree)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    blocks.push(header(node.type === 'directory' ? `./${path}/` : `./${path}`, node, seconds));
    if (node.type === 'file') blocks.push(node.bytes, new Uint8Array(-node.bytes.length & (BLOCK - 1)));
  }
  blocks.push(new Uint8Array(2 * BLOCK));
  return Buffer.concat(blocks);
}

/** Every directory that a path is in. */
function withParents(tree: Tree): Map<string, Node> {
  const whole = new Map(tree);
  for (const path of tree.keys())
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end);
      if (!whole.has(parent)) whole.set(parent, { type: 'directory', mode: 0o755 });
    }
  return whole;
}

/** POSIX.1-1988, ustar: fixed fields, octal numbers in text, a checksum of it all. */
function header(name: string, node: Node, seconds: number): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const put = (at: number, length: number, text: string): void => {
    if (Buffer.byteLength(text) > length) throw new Error(`too long for a tar archive: ${name}`);
    block.write(text, at, 'utf8');
  };
  const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, '0');
  put(0, 100, name);
  put(100, 8, octal(node.mode, 8));
  put(108, 8, octal(0, 8)); // owner
  put(116, 8, octal(0, 8)); // group
  put(124, 12, octal(node.type === 'file' ? node.bytes.length : 0, 12));
  put(136, 12, octal(seconds, 12));
  put(148, 8, ' '.repeat(8));
  put(156, 1, TYPE_FLAG[node.type]);
  put(257, 8, 'ustar\x0000');
  put(265, 32, 'root');
  put(297, 32, 'root');
  const sum = block.reduce((total, octet) => total + octet, 0);
  put(148, 8, `${octal(sum, 7)}\0 `);
  return block;
}
