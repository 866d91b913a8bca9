/** Certificates for tests, made by the openssl program: authorities, and what they issue. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lab/command.ts';

/** Paths of PEM files. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

export interface Wanted {
  /** As OpenSSL writes them: `DNS:broker.test`, `IP:127.0.0.1`. */
  readonly names?: readonly string[];
  /** From now; negative: it has expired. */
  readonly days?: number;
  readonly purpose?: 'serverAuth' | 'clientAuth';
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export class Authority implements Issued {
  readonly certificate: string;
  readonly key: string;
  readonly #directory: string;

  private constructor(directory: string, name: string) {
    this.#directory = directory;
    this.certificate = join(directory, `${fileOf(name)}.pem`);
    this.key = join(directory, `${fileOf(name)}.key`);
  }

  /** @param name its common name @throws CommandFailed */
  static async create(directory: string, name: string): Promise<Authority> {
    const made = new Authority(directory, name);
    const files = ['-keyout', made.key, '-out', made.certificate];
    const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    await run('openssl', ['req', '-x509', ...NEW_KEY, '-subj', `/CN=${name}`, '-days', '30', ...usage, ...files]);
    return made;
  }

  /** @param name the common name, of which nothing follows @throws CommandFailed */
  async issue(name: string, { names = [], days = 30, purpose = 'serverAuth' }: Wanted = {}): Promise<Issued> {
    const path = (ending: string) => join(this.#directory, `${fileOf(name)}${ending}`);
    const issued = { certificate: path('.pem'), key: path('.key') };
    const extensions = [
      `extendedKeyUsage=${purpose}`,
      ...(names.length > 0 ? [`subjectAltName=${names.join(',')}`] : []),
    ];
    writeFileSync(path('.ext'), `${extensions.join('\n')}\n`);
    await run('openssl', ['req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', issued.key, '-out', path('.csr')]);
    const ours = ['-CA', this.certificate, '-CAkey', this.key, '-CAcreateserial'];
    const rest = ['-days', String(days), '-extfile', path('.ext'), '-out', issued.certificate];
    await run('openssl', ['x509', '-req', '-in', path('.csr'), ...ours, ...rest]);
    return issued;
  }
}

/** A certificate that vouches for itself, as people make them. @throws CommandFailed */
export async function selfSigned(directory: string, name: string, names: readonly string[]): Promise<Issued> {
  const made = { certificate: join(directory, `${fileOf(name)}.pem`), key: join(directory, `${fileOf(name)}.key`) };
  const files = ['-keyout', made.key, '-out', made.certificate];
  const extension = ['-addext', `subjectAltName=${names.join(',')}`];
  await run('openssl', ['req', '-x509', ...NEW_KEY, '-subj', `/CN=${name}`, '-days', '30', ...extension, ...files]);
  return made;
}

const fileOf = (name: string): string => name.replace(/[^a-z0-9]+/gi, '-');
