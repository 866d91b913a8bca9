/** What is said when TLS with the broker fails: whose certificate it is about, and what is wrong with it. */
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import type { MqttFailure, MqttRefused } from '../../ports/mqtt.ts';
import type { BrokerAddress } from './address.ts';
import { type CodedError, detailOf, refusal } from './failure.ts';

export interface TlsCircumstances {
  readonly address: BrokerAddress;
  /** The name that was expected. */
  readonly name: string;
  /** Whom we trust, for people. */
  readonly trusted: string;
  /** The broker's certificate, where it got so far. */
  readonly theirs: PeerCertificate | undefined;
  /** Path of our certificate, if there is one. */
  readonly ours: string | undefined;
  readonly now: Date;
}

export function tlsRefusal(error: CodedError, about: TlsCircumstances): MqttRefused {
  const detail = detailOf(error);
  return refusal('tls', theirFault(detail, about) ?? ourFault(detail, about) ?? anything(error, about), detail);
}

export const isTlsError = ({ code }: CodedError): boolean => /^(ERR_SSL_|ERR_TLS_|EPROTO)/.test(String(code));

/** After the handshake, for a server that judges our certificate does so that late in TLS 1.3 (RFC 8446 §4.4.2.4). */
export function refusedLate(error: CodedError, about: Pick<TlsCircumstances, 'address' | 'ours'>): MqttFailure {
  return { stage: 'tls', words: ourFault(detailOf(error), about) ?? failed(error, about), detail: detailOf(error) };
}

/** The broker's certificate does not do. Codes: OpenSSL's X509_V_ERR_…, as Node names them. */
function theirFault(code: string, { theirs, name, trusted, now }: TlsCircumstances): string | undefined {
  const its = `the broker's certificate (${described(theirs)})`;
  const clock = `this machine's clock says ${day(now)}`;
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return `${its} is signed by itself alone, and is not in ${trusted}`;
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_UNTRUSTED':
      return `${its} is not trusted: ${trusted} does not hold who issued it`;
    case 'CERT_SIGNATURE_FAILURE':
      return `${its} is not signed by the authority of that name in ${trusted}`;
    case 'CERT_HAS_EXPIRED': {
      const late = chainOf(theirs).find(({ valid_to }) => new Date(valid_to) < now);
      const whose = late === undefined || late === theirs ? its : `the certificate of its issuer (${described(late)})`;
      return `${whose} has expired on ${day(late?.valid_to ?? theirs?.valid_to)}; ${clock}`;
    }
    case 'CERT_NOT_YET_VALID':
      return `${its} is valid from ${day(theirs?.valid_from)} on; ${clock}`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `${its} is for ${namesOf(theirs)}, not for ${name}: use one of its names, or set serverName to it`;
    case 'CERT_REVOKED':
      return `${its} has been revoked`;
    case 'INVALID_PURPOSE':
      return `${its} is not meant for a server`;
    case 'INVALID_CA':
      return `${its} is issued by one that is no authority`;
    default:
      return undefined;
  }
}

/** The broker does not take us. Codes: alerts of RFC 8446 §6, as OpenSSL names them. */
function ourFault(code: string, { address, ours }: Pick<TlsCircumstances, 'address' | 'ours'>): string | undefined {
  const ourOwn = ours === undefined ? 'our certificate' : `our certificate ${ours}`;
  if (/ALERT_CERTIFICATE_REQUIRED/.test(code)) return demanded(address);
  if (/ALERT_HANDSHAKE_FAILURE/.test(code))
    return ours === undefined
      ? `${demanded(address)}, or it has no cipher in common with us`
      : `${address.words} breaks TLS off: it does not take ${ourOwn}, or has no cipher in common with us`;
  if (/ALERT_UNKNOWN_CA|ALERT_BAD_CERTIFICATE|ALERT_CERTIFICATE_UNKNOWN|ALERT_DECRYPT_ERROR/.test(code))
    return `${address.words} does not trust ${ourOwn}`;
  if (/ALERT_CERTIFICATE_EXPIRED/.test(code)) return `${address.words} says that ${ourOwn} has expired`;
  if (/ALERT_CERTIFICATE_REVOKED/.test(code)) return `${address.words} says that ${ourOwn} has been revoked`;
  if (/UNRECOGNIZED_NAME/.test(code)) return `${address.words} does not know the name it was asked for in TLS`;
  return undefined;
}

const demanded = ({ words }: BrokerAddress) => `${words} demands a client certificate, and none is configured`;

function anything(error: CodedError, { address, theirs }: TlsCircumstances): string {
  const code = String(error.code);
  if (
    /WRONG_VERSION_NUMBER|ERR_SSL_HTTP_REQUEST|PACKET_LENGTH_TOO_LONG/.test(code) ||
    /wrong version number/.test(error.message)
  )
    return `${address.words} does not speak TLS: mqtts:// is commonly on port 8883`;
  if (/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION/.test(code))
    return `${address.words} speaks no TLS of version 1.2 or later`;
  if (code === 'ECONNRESET' && theirs === undefined)
    return `${address.words} closed the connection at the TLS handshake, as a port does that has no TLS: mqtts:// is commonly on 8883`;
  return failed(error, { address });
}

const failed = ({ message }: CodedError, { address }: Pick<TlsCircumstances, 'address'>) =>
  `TLS with ${address.words} failed: ${message}`;

// ---- A certificate in words ------------------------------------------------------------------------------------

function described(certificate: PeerCertificate | undefined): string {
  if (certificate?.subject === undefined) return 'unknown';
  const { subject, issuer } = certificate;
  return `${nameIn(subject)}, issued by ${nameIn(issuer)}`;
}

/** A name as people know it: CN, or else the organisation. */
function nameIn(name: PeerCertificate['subject'] | undefined): string {
  const one = (field: string | string[] | undefined) => (Array.isArray(field) ? field.join(' ') : field);
  return one(name?.CN) ?? one(name?.O) ?? 'nobody';
}

/** Its subject alternative names; the common name no longer counts (RFC 9525 §2). */
function namesOf(certificate: PeerCertificate | undefined): string {
  const names = certificate?.subjectaltname?.split(', ').map((each) => each.replace(/^(DNS|IP Address):/, ''));
  return names === undefined || names.length === 0 ? 'no name at all' : names.join(', ');
}

/** The certificate, its issuer, and so on: the last issues itself. */
function chainOf(certificate: PeerCertificate | undefined): PeerCertificate[] {
  const chain: PeerCertificate[] = [];
  let next = certificate as DetailedPeerCertificate | undefined;
  while (next?.valid_to !== undefined && !chain.includes(next)) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

function day(date: Date | string | undefined): string {
  const known = new Date(date ?? Number.NaN);
  return Number.isNaN(known.getTime()) ? 'an unknown day' : known.toISOString().slice(0, 10);
}
