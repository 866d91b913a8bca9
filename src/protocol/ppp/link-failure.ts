/** Why a link ended, in words: what LCP noticed, or what the server's last words mean at that stage. */
import { Reader } from '../../wire/bytes.ts';
import { textOf } from '../../wire/text.ts';
import type { Failure, PeerWords } from '../failure.ts';
import type { AuthMethod, LinkSettings } from '../settings.ts';
import { methodWords } from './auth-option.ts';
import type { LcpEffect } from './lcp.ts';
import { shownText } from './shown-text.ts';

/** Effects of LCP that end the link. */
export type LcpEnd = Extract<
  LcpEffect,
  { type: 'this-layer-finished' | 'diverged' | 'incompatible' | 'auth-refused' | 'echo-lost' | 'looped-back' }
>;

/**
 * @param authRefused the method that the server insists on, in words
 * @returns undefined when LCP ended because somebody wanted it to
 */
export function failureOf(
  end: LcpEnd,
  { auth, echoFailures, echoIntervalMs }: LinkSettings,
  authRefused?: string,
): Failure | undefined {
  switch (end.type) {
    case 'this-layer-finished':
      if (end.finish === 'silence')
        return { code: 'lcp-silent', detail: 'no answer to any of our LCP Configure-Requests' };
      return end.finish === 'no agreement'
        ? lcpFailed('it sends LCP packets, but did not answer our last Configure-Requests')
        : undefined;
    case 'diverged':
      if (authRefused !== undefined) return authMethodRefused(`wants ${authRefused}`, auth);
      return lcpFailed('the negotiation goes round in circles');
    case 'incompatible':
      return lcpFailed(end.why);
    case 'auth-refused':
      return authMethodRefused(`wants ${authRefused ?? 'something else'}`, auth);
    case 'echo-lost': {
      const detail = `${echoFailures} LCP echoes, one every ${echoIntervalMs / 1000} s, were not answered, and nothing else came in`;
      return { code: 'echo-lost', detail };
    }
    case 'looped-back':
      return { code: 'looped-back', detail: 'LCP packets with our own magic number arrive again and again' };
  }
}

/** How things stood when the server hung up, as far as it matters for what that means. */
export interface Circumstances {
  /** Methods allowed here. */
  readonly accepts: readonly AuthMethod[];
  /** A method the server wanted and did not get, in words, as long as IPv4 is not up. */
  readonly authRefused: string | undefined;
  /** The method with which we have answered it, as long as it has not accepted that. */
  readonly answeredWith: AuthMethod | undefined;
  /** We have just rejected its compression and encryption protocol. */
  readonly refusedEncryption: boolean;
}

/** @returns undefined where the hang-up means nothing in particular */
export function meaningOf(peer: PeerWords, circumstances: Circumstances): Failure | undefined {
  const { accepts, authRefused, answeredWith, refusedEncryption } = circumstances;
  if (speaksForItself(peer)) return undefined;
  const hungUp = peer.message === 'LCP Terminate-Request' ? 'ended the link' : 'hung up';
  if (WANTS_ENCRYPTION.test(peer.text ?? '')) {
    return { code: 'encryption-required', detail: `the server ${hungUp} for want of encryption`, peer };
  }
  if (answeredWith !== undefined) {
    const answer = answeredWith === 'pap' ? 'PAP request' : `${methodWords([answeredWith])} response`;
    return { code: 'auth-rejected', detail: `the server ${hungUp} in answer to our ${answer}`, peer };
  }
  if (refusedEncryption) {
    const detail = `the server ${hungUp} after we had refused its compression and encryption (CCP)`;
    return { code: 'encryption-required', detail, peer };
  }
  return authRefused === undefined ? undefined : { ...authMethodRefused(`wants ${authRefused}`, accepts), peer };
}

/**
 * What an LCP Terminate-Request means.
 * @param data of the packet
 * @param password it is blotted out of what the server says
 */
export function terminateFailure(data: Uint8Array, password: string, circumstances: Circumstances): Failure {
  const text = shownText(terminateText(data), password);
  const peer: PeerWords = { message: 'LCP Terminate-Request', ...(text !== '' && { text }) };
  const detail = `the server sent an LCP Terminate-Request${text === '' ? ' without a word why' : ''}`;
  return meaningOf(peer, circumstances) ?? { code: 'ppp-terminated', detail, peer };
}

/** Whether its codes give a reason that is none of PPP's: no room, or the server shuts down (RFC 2661 §4.4.2). */
function speaksForItself({ message, result, error }: PeerWords): boolean {
  if (message === 'StopCCN' && result === SHUT_DOWN) return true;
  if (message !== 'StopCCN' && message !== 'CDN') return false;
  return result === GENERAL_ERROR ? error === NO_RESOURCES : message === 'CDN' && NO_FACILITIES.has(result ?? 0);
}

const GENERAL_ERROR = 2;
const NO_RESOURCES = 4;
const SHUT_DOWN = 6;
/** Not available now, never available, busy. */
const NO_FACILITIES: ReadonlySet<number> = new Set([4, 5, 8]);

/** pppd: "MPPE required but peer negotiation failed", "MPPE required but not available"; Windows: errors 741 and 742. */
const WANTS_ENCRYPTION = /\bMPPE\b|encryption|Windows error 74[12]\b/i;

const lcpFailed = (what: string): Failure => ({
  code: 'lcp-failed',
  detail: `the server does not agree with us on LCP: ${what}`,
});
const authMethodRefused = (what: string, accepts: readonly AuthMethod[]): Failure => ({
  code: 'auth-method-refused',
  detail: `the server ${what}, allowed here: ${methodWords(accepts)}`,
});

/** INTEROP: Windows sends its magic number, a mark of its own, and the number of one of its error messages instead of text. */
function terminateText(data: Uint8Array): string {
  if (data.length !== 12) return textOf(data);
  const reader = new Reader(data, 'RFC 1661 §5.5');
  reader.u32();
  if (reader.u32() !== WINDOWS_MARK) return textOf(data);
  const error = reader.u32();
  return error === 0 ? '' : `Windows error ${error}`;
}

const WINDOWS_MARK = 0x003ccd74;
