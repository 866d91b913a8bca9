/** TLS over a TCP connection to the broker. */
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect, createSecureContext, type PeerCertificate, type SecureContext, type TLSSocket } from 'node:tls';
import type { BrokerSettings } from '../../ports/mqtt.ts';
import { type BrokerAddress, isAddress } from './address.ts';
import { type CodedError, detailOf, refusal } from './failure.ts';
import { pemOf } from './files.ts';
import { tlsRefusal } from './tls-failure.ts';

/** Where OpenWrt and Debian keep the certificates they trust; Node brings a list of its own, which nobody here can amend. */
const SYSTEM_CAS = '/etc/ssl/certs/ca-certificates.crt';

/** What a TLS connection is made with, and what is said of it should it fail. */
export interface TlsMeans {
  readonly context: SecureContext;
  /** Whom we trust, for people: `the CA file /etc/l2tpwan/ca.pem`. */
  readonly trusted: string;
}

/** @param systemCas path of the certificates that are trusted when the settings name none @throws MqttRefused `files` */
export async function tlsMeans(broker: BrokerSettings, systemCas = SYSTEM_CAS): Promise<TlsMeans> {
  const { certificate, key } = broker;
  const path = broker.ca ?? (existsSync(systemCas) ? systemCas : undefined);
  const ca = path === undefined ? undefined : await pemOf('CA file', path, 'CERTIFICATE');
  const cert = certificate === undefined ? undefined : await pemOf('client certificate', certificate, 'CERTIFICATE');
  const secret = key === undefined ? undefined : await pemOf("client's key", key, 'PRIVATE KEY');
  try {
    const context = createSecureContext({ ca, cert, key: secret });
    return {
      context,
      trusted: path === undefined ? 'the list of authorities that Node.js brings along' : `the CA file ${path}`,
    };
  } catch (error) {
    throw contextRefusal(error as CodedError, broker, secret ?? '');
  }
}

/** @throws MqttRefused `tls` */
export function connectTls(
  socket: Socket,
  address: BrokerAddress,
  { serverName, rejectUnauthorized, certificate }: BrokerSettings,
  { context, trusted }: TlsMeans,
): Promise<TLSSocket> {
  const { host } = address;
  const name = serverName ?? host;
  return new Promise((resolve, reject) => {
    const secure = connect({
      socket,
      host: name,
      ...(!isAddress(name) && { servername: name }), // an address is no name for SNI (RFC 6066 §3)
      secureContext: context,
      rejectUnauthorized,
    });
    let theirs: PeerCertificate | undefined;
    // Before Node's own look at the certificate, after which a refused one can no longer be asked for.
    secure.prependOnceListener('secure', () => {
      theirs = secure.getPeerCertificate(true);
    });
    const fail = (error: Error) =>
      reject(tlsRefusal(error, { address, name, trusted, theirs, ours: certificate, now: new Date() }));
    secure.once('error', fail).once('secureConnect', () => {
      secure.removeListener('error', fail);
      resolve(secure);
    });
  });
}

/** @param secret the text of the client's key */
function contextRefusal(error: CodedError, { ca, certificate, key }: BrokerSettings, secret: string) {
  const detail = detailOf(error);
  if (detail === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH')
    return refusal('files', `the key ${key} does not belong to the client certificate ${certificate}`, detail);
  if (IS_PROTECTED.test(secret))
    return refusal('files', `the client's key ${key} is protected with a passphrase: it must have none here`, detail);
  const files = [ca, certificate, key].filter((path) => path !== undefined).join(', ');
  return refusal('files', `the certificates and keys cannot be used (${files}): ${error.message}`, detail);
}

/**
 * What a key is called that wants a passphrase: RFC 7468 §11, RFC 1421 §4.6.1.1. OpenSSL's error does not tell: it tries none, which once
 * in 256 times makes something that looks decrypted.
 */
const IS_PROTECTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;
