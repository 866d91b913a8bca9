/** What the three messages that open a tunnel say, and whether the peer's can be accepted (RFC 2661 §5.1, §6.1 to §6.3). */
import { chapMd5Response } from '../../crypto/chap-md5.ts';
import { sameOctets } from '../../wire/bytes.ts';
import { MESSAGE, type MessageOf } from '../../wire/message-table.ts';
import { utf8Of } from '../../wire/text.ts';
import type { Failure } from '../failure.ts';
import type { Entropy } from '../machine.ts';
import type { TunnelSettings } from '../settings.ts';

/** Version 1, revision 0 (§4.4.3): not the version in the header, which is 2. */
const PROTOCOL_VERSION = 0x0100;
/** Framing Capabilities: synchronous and asynchronous, for PPP in L2TP is neither (§4.4.3). */
const ANY_FRAMING = 3;
/** As long as the digest that answers it. */
const CHALLENGE_OCTETS = 16;

/** Who wins when both ends ask for a tunnel at once (§4.4.3); `none`: nobody minds two tunnels. */
export type Tie = 'win' | 'lose' | 'equal' | 'none';

export class Handshake {
  readonly #settings: TunnelSettings;
  readonly #localId: number;
  readonly #secret: Uint8Array | undefined;
  readonly #challenge: Uint8Array | undefined;
  readonly #tieBreaker: Uint8Array | undefined;

  /** @param tieBreaker 8 octets; undefined: several tunnels to this peer are welcome */
  constructor(settings: TunnelSettings, localId: number, entropy: Entropy, tieBreaker?: Uint8Array) {
    this.#settings = settings;
    this.#localId = localId;
    this.#secret = settings.secret === undefined ? undefined : utf8Of(settings.secret);
    this.#challenge = this.#secret && entropy(CHALLENGE_OCTETS);
    this.#tieBreaker = tieBreaker;
  }

  request(): MessageOf<'SCCRQ'> {
    return { kind: 'SCCRQ', ...this.#introduction(), ...(this.#tieBreaker && { tieBreaker: this.#tieBreaker }) };
  }
  reply({ challenge }: MessageOf<'SCCRQ'>): MessageOf<'SCCRP'> {
    return { kind: 'SCCRP', ...this.#introduction(), ...this.#answer('SCCRP', challenge) };
  }
  connected({ challenge }: MessageOf<'SCCRP'>): MessageOf<'SCCCN'> {
    return { kind: 'SCCCN', ...this.#answer('SCCCN', challenge) };
  }

  /** Why an SCCRQ or SCCRP cannot be accepted; undefined: it can. */
  judge(message: MessageOf<'SCCRQ'> | MessageOf<'SCCRP'>): Failure | undefined {
    const { kind, protocolVersion, assignedTunnelId, challenge } = message;
    if (protocolVersion >> 8 !== PROTOCOL_VERSION >> 8)
      return { code: 'version-unsupported', detail: `its ${kind} says version ${protocolVersion >> 8}, not 1` };
    if (assignedTunnelId === 0) return { code: 'malformed-message', detail: `its ${kind} assigns the tunnel id 0` };
    const unproven = kind === 'SCCRP' ? this.judgeResponse(message) : undefined;
    if (unproven === undefined && challenge !== undefined && this.#secret === undefined)
      return { code: 'tunnel-secret-needed', detail: `its ${kind} carries a challenge` };
    return unproven;
  }

  /** Whether the peer has proved that it knows the secret (§5.1.1). */
  judgeResponse({ kind, challengeResponse }: MessageOf<'SCCRP'> | MessageOf<'SCCCN'>): Failure | undefined {
    if (this.#secret === undefined || this.#challenge === undefined) return undefined;
    if (challengeResponse === undefined)
      return { code: 'tunnel-secret-wrong', detail: `its ${kind} does not answer our challenge` };
    const expected = chapMd5Response(MESSAGE[kind].type, this.#secret, this.#challenge);
    if (sameOctets(challengeResponse, expected)) return undefined;
    return { code: 'tunnel-secret-wrong', detail: `its ${kind} answers our challenge wrongly: the secrets differ` };
  }

  /** Our SCCRQ is out and the peer's has come: the lower tie breaker wins, and having one beats having none (§4.4.3). */
  compareTies({ tieBreaker: theirs }: MessageOf<'SCCRQ'>): Tie {
    const ours = this.#tieBreaker;
    if (ours === undefined || theirs === undefined)
      return theirs !== undefined ? 'lose' : ours !== undefined ? 'win' : 'none';
    const different = ours.findIndex((octet, index) => octet !== theirs[index]);
    if (different === -1) return 'equal';
    return (ours[different] as number) < (theirs[different] as number) ? 'win' : 'lose';
  }

  #introduction() {
    const { hostName, vendorName, receiveWindow } = this.#settings;
    return {
      protocolVersion: PROTOCOL_VERSION,
      hostName,
      framingCapabilities: ANY_FRAMING,
      assignedTunnelId: this.#localId,
      receiveWindowSize: receiveWindow,
      ...(vendorName !== '' && { vendorName }),
      ...(this.#challenge && { challenge: this.#challenge }),
    };
  }

  #answer(kind: 'SCCRP' | 'SCCCN', challenge: Uint8Array | undefined): { challengeResponse?: Uint8Array } {
    if (challenge === undefined || this.#secret === undefined) return {};
    return { challengeResponse: chapMd5Response(MESSAGE[kind].type, this.#secret, challenge) };
  }
}
