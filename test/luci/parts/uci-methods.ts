/** The object `uci`: each method's arguments and rights, as rpcd has them. */
import type { Method, Session } from '../router.ts';
import type { Uci } from './uci.ts';
import { isTable, Refused, type Table, textOf, textsOf, UBUS } from './values.ts';

export function uciMethods(uci: Uci): Record<string, Method> {
  return {
    get: (args, session) => {
      const config = configOf(args, session, 'read');
      const sections = uci.get(session.id, config);
      const [name, option, type] = [textOf(args, 'section'), textOf(args, 'option'), textOf(args, 'type')];
      if (name === undefined) {
        const chosen = Object.entries(sections).filter(
          ([, section]) => type === undefined || section['.type'] === type,
        );
        return { values: Object.fromEntries(chosen) };
      }
      const section = sections[name];
      if (section === undefined) throw new Refused(UBUS.notFound);
      if (option === undefined) return { values: section };
      if (section[option] === undefined) throw new Refused(UBUS.notFound);
      return { value: section[option] };
    },
    changes: (args, session) => {
      const all = uci.changes(session.id);
      if (args.config !== undefined) return { changes: all[configOf(args, session, 'read')] ?? [] };
      const readable = Object.entries(all).filter(([config]) => session.grants.allows('uci', config, 'read'));
      return { changes: Object.fromEntries(readable) };
    },
    add: (args, session) => {
      const config = configOf(args, session, 'write');
      const type = needed(args, 'type');
      const values = isTable(args.values) ? args.values : {};
      return { section: uci.add(session.id, config, type, textOf(args, 'name'), values) };
    },
    set: (args, session) => {
      const config = configOf(args, session, 'write');
      if (!isTable(args.values)) throw new Refused(UBUS.invalidArgument);
      uci.set(session.id, config, needed(args, 'section'), args.values);
    },
    delete: (args, session) => {
      const config = configOf(args, session, 'write');
      const option = textOf(args, 'option');
      const options = Array.isArray(args.options) ? textsOf(args.options) : undefined;
      uci.delete(session.id, config, needed(args, 'section'), options ?? (option === undefined ? undefined : [option]));
    },
    rename: (args, session) => {
      const config = configOf(args, session, 'write');
      uci.rename(session.id, config, needed(args, 'section'), needed(args, 'name'));
    },
    order: (args, session) => {
      const config = configOf(args, session, 'write');
      uci.order(session.id, config, textsOf(args.sections));
    },
    revert: (args, session) => uci.revert(session.id, configOf(args, session, 'write')),
    apply: (args, session) => {
      const isWritable = (config: string) => session.grants.allows('uci', config, 'write');
      if (!Object.keys(uci.changes(session.id)).every(isWritable)) throw new Refused(UBUS.permissionDenied);
      uci.apply(session.id, args.rollback === true);
    },
    confirm: () => uci.confirm(),
    rollback: () => uci.rollback(),
    configs: () => ({ configs: uci.configs }),
  };
}

function configOf(args: Table, { grants }: Session, right: 'read' | 'write'): string {
  const config = needed(args, 'config');
  if (!grants.allows('uci', config, right)) throw new Refused(UBUS.permissionDenied);
  return config;
}

function needed(args: Table, key: string): string {
  const text = textOf(args, key);
  if (text === undefined) throw new Refused(UBUS.invalidArgument);
  return text;
}
