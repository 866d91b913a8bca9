/** The router's configuration: files of sections, and what each session has changed in them and not yet applied, as rpcd keeps it. */
import { Refused, UBUS } from './values.ts';

type Value = string | string[];
/** As `uci.changes` tells one: what was done, the section, and what else belongs to it. */
export type Change = readonly [what: string, section: string, ...rest: (string | number)[]];

interface Section {
  readonly name: string;
  readonly type: string;
  readonly anonymous: boolean;
  readonly options: Map<string, Value>;
}

/** A section as a test writes it; without a name it is anonymous. */
export type SectionRow = { readonly '.type': string; readonly '.name'?: string } & {
  readonly [option: string]: Value;
};

/** A section as `uci.get` gives it. */
export type SectionView = { readonly '.name': string; readonly '.type': string; readonly '.anonymous': boolean } & {
  readonly [option: string]: Value | number | boolean;
};

export class Uci {
  readonly #files = new Map<string, Section[]>();
  /** By session and file: the file as that session sees it, and how it came to that. */
  readonly #edits = new Map<string, Map<string, { sections: Section[]; changes: Change[] }>>();
  #before: Map<string, Section[]> | undefined;
  #serial = 0;

  /** Writes a whole file, as flashing a router does. */
  write(config: string, rows: readonly SectionRow[]): void {
    this.#files.set(
      config,
      rows.map((row) => this.#sectionOf(config, row)),
    );
  }

  get configs(): string[] {
    return [...this.#files.keys()];
  }

  /** What is in the file now, whatever sessions have in hand; undefined: there is no such file. */
  committed(config: string): SectionView[] | undefined {
    return this.#files.get(config)?.map(viewOf);
  }

  /** One section of the file. */
  section(config: string, name: string): SectionView | undefined {
    return this.committed(config)?.find((section) => section['.name'] === name);
  }

  /** @throws Refused when there is no such file */
  get(sid: string, config: string): Record<string, SectionView> {
    return Object.fromEntries(this.#seen(sid, config).map((section, at) => [section.name, viewOf(section, at)]));
  }

  add(sid: string, config: string, type: string, name: string | undefined, values: Record<string, unknown>): string {
    const { sections, changes } = this.#edit(sid, config);
    const section = this.#sectionOf(config, { '.type': type, ...(name !== undefined && { '.name': name }) });
    if (!sections.some((other) => other.name === section.name)) sections.push(section);
    changes.push([name === undefined ? 'add' : 'set', section.name, type]);
    this.set(sid, config, section.name, values);
    return section.name;
  }

  set(sid: string, config: string, name: string, values: Record<string, unknown>): void {
    const { sections, changes } = this.#edit(sid, config);
    const { options } = found(sections, name);
    const entries = Object.entries(values).map(([option, given]) => [option, written(given)] as const);
    for (const [option, value] of entries) {
      const old = options.get(option);
      if (old !== undefined && !Array.isArray(old) && old === value) continue;
      if (old !== undefined && (Array.isArray(old) || Array.isArray(value))) changes.push(['remove', name, option]);
      if (Array.isArray(value)) for (const part of value) changes.push(['list-add', name, option, part]);
      else changes.push(['set', name, option, value]);
      options.set(option, value);
    }
  }

  /** @param options undefined: the whole section goes */
  delete(sid: string, config: string, name: string, options: readonly string[] | undefined): void {
    const { sections, changes } = this.#edit(sid, config);
    const section = found(sections, name);
    if (options === undefined) {
      sections.splice(sections.indexOf(section), 1);
      changes.push(['remove', name]);
      return;
    }
    const gone = options.filter((option) => section.options.delete(option));
    if (gone.length === 0) throw new Refused(UBUS.notFound);
    for (const option of gone) changes.push(['remove', name, option]);
  }

  rename(sid: string, config: string, name: string, to: string): void {
    const { sections, changes } = this.#edit(sid, config);
    const section = found(sections, name);
    sections.splice(sections.indexOf(section), 1, { ...section, name: to, anonymous: false });
    changes.push(['rename', name, to]);
  }

  order(sid: string, config: string, names: readonly string[]): void {
    const { sections, changes } = this.#edit(sid, config);
    const first = names.map((name) => found(sections, name));
    const rest = sections.filter((section) => !first.includes(section));
    sections.splice(0, sections.length, ...first, ...rest);
    changes.push(...names.map((name, at): Change => ['order', name, at]));
  }

  /** Of one session, by file; files without changes are left out. */
  changes(sid: string): Record<string, readonly Change[]> {
    const edits = [...(this.#edits.get(sid) ?? [])].map(([config, { changes }]) => [config, changes] as const);
    return Object.fromEntries(edits.filter(([, changes]) => changes.length > 0));
  }

  revert(sid: string, config: string): void {
    this.#edits.get(sid)?.delete(config);
  }

  /** Writes what the session has in hand; with `rollback`, {@link rollback} can take it back until {@link confirm}. */
  apply(sid: string, rollback: boolean): string[] {
    if (this.#before !== undefined) throw new Refused(UBUS.permissionDenied);
    const configs = Object.keys(this.changes(sid));
    if (configs.length === 0) throw new Refused(UBUS.noData);
    if (rollback) this.#before = new Map(this.#files);
    for (const config of configs) this.#files.set(config, copy(this.#seen(sid, config)));
    this.#edits.delete(sid);
    return configs;
  }

  confirm(): void {
    if (this.#before === undefined) throw new Refused(UBUS.noData);
    this.#before = undefined;
  }

  rollback(): void {
    if (this.#before === undefined) throw new Refused(UBUS.noData);
    for (const [config, sections] of this.#before) this.#files.set(config, sections);
    this.#before = undefined;
  }

  #seen(sid: string, config: string): Section[] {
    const sections = this.#edits.get(sid)?.get(config)?.sections ?? this.#files.get(config);
    if (sections === undefined) throw new Refused(UBUS.notFound);
    return sections;
  }

  #edit(sid: string, config: string): { sections: Section[]; changes: Change[] } {
    const files = this.#edits.get(sid) ?? new Map<string, { sections: Section[]; changes: Change[] }>();
    this.#edits.set(sid, files);
    const edit = files.get(config) ?? { sections: copy(this.#seen(sid, config)), changes: [] };
    files.set(config, edit);
    return edit;
  }

  #sectionOf(config: string, { '.name': name, '.type': type, ...options }: SectionRow): Section {
    const serial = (++this.#serial).toString(16).padStart(2, '0');
    const given =
      name ?? `cfg${serial}${[...(config + type)].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0)}`;
    const entries = Object.entries(options).map(([key, value]): [string, Value] => [key, written(value)]);
    return { name: given, type, anonymous: name === undefined, options: new Map(entries) };
  }
}

function found(sections: readonly Section[], name: string): Section {
  const section = sections.find((other) => other.name === name);
  if (section === undefined) throw new Refused(UBUS.notFound);
  return section;
}

/** Numbers and booleans are texts in a file. */
function written(given: unknown): Value {
  if (Array.isArray(given)) {
    if (given.length === 0) throw new Refused(UBUS.invalidArgument);
    return given.map((part) => String(part));
  }
  if (given === true || given === false) return given ? '1' : '0';
  if (typeof given === 'string' || typeof given === 'number') return String(given);
  throw new Refused(UBUS.invalidArgument);
}

const copy = (sections: readonly Section[]): Section[] =>
  sections.map((section) => ({
    ...section,
    options: new Map([...section.options].map(([key, value]) => [key, Array.isArray(value) ? [...value] : value])),
  }));

const viewOf = ({ name, type, anonymous, options }: Section, index: number): SectionView => ({
  '.anonymous': anonymous,
  '.type': type,
  '.name': name,
  '.index': index,
  ...Object.fromEntries(options),
});
