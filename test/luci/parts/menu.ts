/** The menu of the pages: a small one of LuCI's and our own `menu.d`, with what a session may not see taken out. */

import type { Grants } from './access.ts';
import { shippedDocuments } from './acls.ts';
import { isTable, type Table, textOf, textsOf } from './values.ts';

/** As `admin/menu` gives it. */
export interface MenuNode {
  title?: string;
  order?: number;
  css?: string;
  action?: Table;
  depends?: Table;
  satisfied: boolean;
  readonly?: boolean;
  children?: Record<string, MenuNode>;
}

/** Where a path leads: the node, and the path with the first child put in where a folder was asked for. */
export interface Place {
  readonly node: MenuNode;
  readonly path: readonly string[];
}

const page = (title: string, order: number, view: string, group: string): Table => ({
  title,
  order,
  action: { type: 'view', path: view },
  depends: { acl: [group] },
});

const folder = (title: string, order: number): Table => ({ title, order, action: { type: 'firstchild' } });

const BASE: Table = {
  admin: folder('Administration', 10),
  'admin/status': folder('Status', 10),
  'admin/status/overview': page('Overview', 1, 'status/index', 'luci-mod-status-index'),
  'admin/network': folder('Network', 50),
  'admin/network/network': page('Interfaces', 10, 'network/interfaces', 'luci-mod-network-config'),
  'admin/vpn': folder('VPN', 70),
};

/** The whole tree for a session: pages without permission are not satisfied, those that it may only read are so marked. */
export function menuFor(grants: Grants): MenuNode {
  const root: MenuNode = { satisfied: true, action: { type: 'firstchild' } };
  for (const document of [BASE, ...shippedDocuments('luci/menu.d')])
    for (const [path, row] of Object.entries(document)) if (isTable(row)) put(root, path.split('/'), row, grants);
  return root;
}

/** Follows a path; undefined: there is no such page, or not for this session. */
export function find(root: MenuNode, path: readonly string[]): Place | undefined {
  let place: Place = { node: root, path: [] };
  for (const name of path) {
    const node = place.node.children?.[name];
    if (node === undefined || !node.satisfied) return undefined;
    place = { node, path: [...place.path, name] };
  }
  while (place.node.action?.type === 'firstchild') {
    const [first] = Object.entries(place.node.children ?? {})
      .filter(([, { satisfied, title }]) => satisfied && title !== undefined)
      .sort(([, a], [, b]) => (a.order ?? 9999) - (b.order ?? 9999));
    if (first === undefined) return undefined;
    place = { node: first[1], path: [...place.path, first[0]] };
  }
  return place;
}

/** The path of the page that shows a view; undefined: it is nowhere in the menu. */
export function pathOfView(root: MenuNode, view: string): string | undefined {
  for (const [name, child] of Object.entries(root.children ?? {})) {
    if (child.action?.path === view) return name;
    const below = pathOfView(child, view);
    if (below !== undefined) return `${name}/${below}`;
  }
  return undefined;
}

function put(root: MenuNode, path: readonly string[], row: Table, grants: Grants): void {
  let node = root;
  for (const name of path) {
    const child: MenuNode = node.children?.[name] ?? { satisfied: true };
    node.children = { ...node.children, [name]: child };
    node = child;
  }
  const { title, css } = { title: textOf(row, 'title'), css: textOf(row, 'css') };
  if (title !== undefined) node.title = title;
  if (css !== undefined) node.css = css;
  if (typeof row.order === 'number') node.order = row.order;
  if (isTable(row.action)) node.action = row.action;
  if (!isTable(row.depends)) return;
  node.depends = row.depends;
  const groups = textsOf(row.depends.acl);
  const has = (group: string, permission: string) => grants.allows('access-group', group, permission);
  node.satisfied = groups.every((group) => has(group, 'read') || has(group, 'write'));
  if (groups.length > 0 && !groups.some((group) => has(group, 'write'))) node.readonly = true;
}
