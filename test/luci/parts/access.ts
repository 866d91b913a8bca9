/** What a session may do: grants out of ACL files by the groups that its user may read and write, as rpcd evaluates them. */
import { isTable, type Table, textsOf } from './values.ts';

/** Groups, with `*` for any text and `!` for not, as in rpcd's `config login`. */
export interface Groups {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

interface Grant {
  readonly scope: string;
  readonly object: string;
  readonly function: string;
}

/** The answer to "may this session?", and the list of all that it may. */
export class Grants {
  readonly #grants: readonly Grant[];

  /** @param acls the documents of `/usr/share/rpcd/acl.d` */
  constructor(acls: readonly Table[], groups: Groups) {
    this.#grants = acls.flatMap((acl) =>
      Object.entries(acl).flatMap(([name, group]) => (isTable(group) ? grantsOf(name, group, groups) : [])),
    );
  }

  allows(scope: string, object: string, method: string): boolean {
    return this.#grants.some(
      (grant) => grant.scope === scope && matches(grant.object, object) && matches(grant.function, method),
    );
  }

  /** By scope and object, as `session access` without a question gives them. */
  get list(): Record<string, Record<string, string[]>> {
    const list: Record<string, Record<string, string[]>> = {};
    for (const { scope, object, function: method } of this.#grants) {
      const objects = list[scope] ?? {};
      const methods = objects[object] ?? [];
      list[scope] = { ...objects, [object]: [...new Set([...methods, method])] };
    }
    return list;
  }
}

function grantsOf(name: string, group: Table, groups: Groups): Grant[] {
  return (['read', 'write'] as const)
    .filter((permission) => permitted(groups, permission, name))
    .flatMap((permission) => {
      const scopes = group[permission];
      if (!isTable(scopes)) return [];
      const granted = Object.entries(scopes).flatMap(([scope, objects]) => grantsIn(scope, objects, permission));
      return [...granted, { scope: 'access-group', object: name, function: permission }];
    });
}

/** A table names the methods; a list of objects means what the permission is called. */
function grantsIn(scope: string, objects: unknown, permission: string): Grant[] {
  if (isTable(objects))
    return Object.entries(objects).flatMap(([object, methods]) =>
      textsOf(methods).map((method) => ({ scope, object, function: method })),
    );
  return textsOf(objects).map((object) => ({ scope, object, function: permission }));
}

/** Whoever may write may read. */
function permitted(groups: Groups, permission: 'read' | 'write', name: string): boolean {
  const patterns = groups[permission];
  if (patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1).trim(), name))) return false;
  if (patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern, name))) return true;
  return permission === 'read' && permitted(groups, 'write', name);
}

/** Of fnmatch what ACL files use: `*`, `?` and `[…]`. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
