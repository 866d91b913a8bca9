/** The ACL documents of a router of the bench: our own file as it is shipped, and what LuCI itself brings. */
import { readdirSync, readFileSync } from 'node:fs';
import { BASE_ACL } from './base-acl.ts';
import { isTable, type Table } from './values.ts';

/** Our LuCI app. */
export const APP = new URL('../../../luci/luci-app-l2tpwan/', import.meta.url);

/** The JSON documents in a folder of our app's `root`. */
export function shippedDocuments(folder: string): Table[] {
  const directory = new URL(`root/usr/share/${folder}/`, APP);
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .map((file): unknown => JSON.parse(readFileSync(new URL(file, directory), 'utf8')))
    .filter(isTable);
}

/** Every document there is. */
export const allAcls = (): Table[] => [BASE_ACL, ...shippedDocuments('rpcd/acl.d')];
