/** What the files hold that the settings name, read anew for every connection: they may have been renewed. */
import type { BrokerSettings } from '../../ports/mqtt.ts';
import { readFile } from '../node/files.ts';
import { type CodedError, detailOf, refusal } from './failure.ts';

export interface Credentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** @throws MqttRefused `files` */
export async function credentialsOf({ credentialsFile, username, password }: BrokerSettings): Promise<Credentials> {
  if (credentialsFile === undefined) return { username, password };
  const lines = (await textOf('credentials file', credentialsFile)).split(/\r?\n/);
  if (!lines[0])
    throw refusal(
      'files',
      `the credentials file ${credentialsFile} is to hold the user in its first line, which is empty`,
    );
  return { username: lines[0], password: lines[1] || undefined };
}

/** The text of a PEM file. @throws MqttRefused `files` it cannot be read, or holds no such thing */
export async function pemOf(what: string, path: string, holds: 'CERTIFICATE' | 'PRIVATE KEY'): Promise<string> {
  const text = await textOf(what, path);
  if (!new RegExp(`^-----BEGIN [A-Z ]*${holds}-----`, 'm').test(text))
    throw refusal('files', `the ${what} ${path} holds no ${holds.toLowerCase()} in PEM`);
  return text;
}

/** @throws MqttRefused `files` */
async function textOf(what: string, path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await readFile(path));
  } catch (error) {
    const { code, message } = error as CodedError;
    throw refusal(
      'files',
      `the ${what} ${path} cannot be read: ${WHY[String(code)] ?? message}`,
      detailOf(error as Error),
    );
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission',
  EISDIR: 'it is a directory',
};
