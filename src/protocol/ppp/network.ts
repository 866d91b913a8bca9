/** The network phase of a link: which of IPv4 and IPv6 may flow, and with which addresses (RFC 1661 §3.6). */
import { PROTOCOL } from '../../wire/ppp-frame.ts';
import { readPacket } from '../../wire/ppp-packet.ts';
import { textOf } from '../../wire/text.ts';
import type { Ipv4Agreement } from '../client-io.ts';
import { earliest, type Instant } from '../deadlines.ts';
import type { Failure } from '../failure.ts';
import type { Entropy, Machine } from '../machine.ts';
import type { Finish, ProtocolEffect, ProtocolInput } from './control-protocol-io.ts';
import { agreementOf, type Ipcp, ipcp } from './ipcp.ts';
import { type Ipv6cp, identifierOf, ipv6cp } from './ipv6cp.ts';
import type { Agreed } from './negotiation.ts';
import type { IpcpContext } from './option-table.ts';
import { shownText } from './shown-text.ts';

export interface NetworkOptions {
  readonly ipv4: IpcpContext;
  readonly ipv6: boolean;
  readonly entropy: Entropy;
}

export type NetworkInput =
  /** The phase begins: requests leave now. */
  | { type: 'up' }
  /** LCP is no longer open. */
  | { type: 'down' }
  | { type: 'packet'; protocol: number; bytes: Uint8Array }
  /** The peer does not speak this protocol. */
  | { type: 'protocol-rejected'; protocol: number }
  | { type: 'tick' };

export type NetworkEffect =
  | { type: 'packet'; protocol: number; bytes: Uint8Array }
  | { type: 'ipv4-up'; agreed: Ipv4Agreement }
  | { type: 'ipv4-down' }
  | { type: 'ipv6-up'; interfaceId: Uint8Array }
  | { type: 'ipv6-down' }
  /** There will be no IPv4: the link is of no use. Without IPv6 it is. */
  | { type: 'failed'; failure: Failure }
  | { type: 'dropped'; why: string };

export class Network implements Machine<NetworkInput, NetworkEffect> {
  readonly #ipcp: Ipcp;
  readonly #ipv6cp: Ipv6cp;
  readonly #entropy: Entropy;
  /** A server may do without an address of its own. */
  readonly #isClient: boolean;
  #isUp = false;
  #ipv4IsUp = false;
  #ipv6IsUp = false;
  /** By our user, or by the peer: then it is not tried again. */
  #ipv6IsRefused: boolean;
  /** What the peer said when it closed IPCP. */
  #lastWords = '';

  constructor({ ipv4, ipv6, entropy }: NetworkOptions) {
    this.#ipcp = ipcp(ipv4);
    this.#ipv6cp = ipv6cp(entropy);
    this.#entropy = entropy;
    this.#isClient = ipv4.assigns === undefined;
    this.#ipv6IsRefused = !ipv6;
    // The administrative Open (RFC 1661 §4.3): from now on both only wait for LCP.
    for (const layer of [this.#ipcp, this.#ipv6cp]) layer.handle({ type: 'open' }, 0);
  }

  get deadline(): Instant | undefined {
    return earliest(this.#ipcp.deadline, this.#ipv6cp.deadline);
  }
  get agreed(): { ipcp: Agreed; ipv6cp: Agreed } {
    return { ipcp: this.#ipcp.negotiation.agreed, ipv6cp: this.#ipv6cp.negotiation.agreed };
  }

  /** @throws Malformed a packet that cannot be read; nothing has happened then */
  handle(input: NetworkInput, now: Instant): NetworkEffect[] {
    switch (input.type) {
      case 'up':
        this.#isUp = true;
        return [...this.#toIpcp(input, now), ...(this.#ipv6IsRefused ? [] : this.#toIpv6cp(input, now))];
      case 'down':
        if (!this.#isUp) return [];
        this.#isUp = false;
        return [...this.#toIpcp(input, now), ...this.#ipv6Down(now)];
      case 'packet':
        return this.#packet(input.protocol, input.bytes, now);
      case 'protocol-rejected':
        return this.#protocolRejected(input.protocol, now);
      case 'tick':
        return [...this.#toIpcp(input, now), ...this.#toIpv6cp(input, now)];
      default:
        return input satisfies never;
    }
  }

  #packet(protocol: number, bytes: Uint8Array, now: Instant): NetworkEffect[] {
    if (!this.#isUp) return [{ type: 'dropped', why: 'network protocol before the network phase' }];
    switch (protocol) {
      case PROTOCOL.ipcp:
        return this.#toIpcp({ type: 'packet', packet: readPacket(bytes) }, now);
      case PROTOCOL.ipv6cp:
        return this.#toIpv6cp({ type: 'packet', packet: readPacket(bytes) }, now);
      default:
        // INTEROP: Linux sends IPv6 (router solicitations, MLD) whether IPV6CP is open or not.
        return [
          {
            type: 'dropped',
            why: protocol === PROTOCOL.ipv4 ? 'IPv4 while IPCP is not open' : 'IPv6 while IPV6CP is not open',
          },
        ];
    }
  }

  /** "The implementation MUST stop sending packets of the indicated protocol" (RFC 1661 §5.7). */
  #protocolRejected(protocol: number, now: Instant): NetworkEffect[] {
    switch (protocol) {
      case PROTOCOL.ipcp:
      case PROTOCOL.ipv4:
        return [noAddress('it does not speak IPv4 over this link (Protocol-Reject)')];
      case PROTOCOL.ipv6cp:
      case PROTOCOL.ipv6:
        this.#ipv6IsRefused = true;
        return this.#ipv6Down(now);
      default:
        return [];
    }
  }

  #toIpcp(input: ProtocolInput, now: Instant): NetworkEffect[] {
    return this.#ipcp.handle(input, now).flatMap((effect) => this.#fromIpcp(effect));
  }

  #fromIpcp(effect: ProtocolEffect): NetworkEffect[] {
    switch (effect.type) {
      case 'packet':
        return [{ type: 'packet', protocol: PROTOCOL.ipcp, bytes: effect.bytes }];
      case 'dropped':
        return [effect];
      case 'this-layer-up': {
        const { localAddress, ...others } = agreementOf(this.#ipcp);
        if (localAddress === undefined && this.#isClient)
          return [noAddress('it gave us no address when IPCP asked for one')];
        this.#ipv4IsUp = true;
        return [{ type: 'ipv4-up', agreed: { localAddress: localAddress ?? '0.0.0.0', ...others } }];
      }
      case 'this-layer-down':
        if (!this.#ipv4IsUp) return [];
        this.#ipv4IsUp = false;
        return [{ type: 'ipv4-down' }];
      case 'terminated':
        this.#lastWords = shownText(textOf(effect.data), '');
        return [];
      case 'this-layer-finished':
        return [noAddress(FINISHED[effect.finish] + (this.#lastWords === '' ? '' : `: ${this.#lastWords}`))];
      case 'diverged':
        return [noAddress('IPCP goes round in circles')];
      default:
        return []; // echoes are LCP's; a rejected code either finishes the layer or means nothing
    }
  }

  #toIpv6cp(input: ProtocolInput, now: Instant): NetworkEffect[] {
    return this.#ipv6cp.handle(input, now).flatMap((effect) => this.#fromIpv6cp(effect, now));
  }

  #fromIpv6cp(effect: ProtocolEffect, now: Instant): NetworkEffect[] {
    switch (effect.type) {
      case 'packet':
        return [{ type: 'packet', protocol: PROTOCOL.ipv6cp, bytes: effect.bytes }];
      case 'dropped':
        return [effect];
      case 'this-layer-up':
        this.#ipv6IsUp = true;
        return [{ type: 'ipv6-up', interfaceId: identifierOf(this.#ipv6cp, this.#entropy) }];
      case 'this-layer-down':
        if (!this.#ipv6IsUp) return [];
        this.#ipv6IsUp = false;
        return [{ type: 'ipv6-down' }];
      case 'diverged':
        this.#ipv6IsRefused = true;
        return this.#ipv6Down(now);
      default:
        return []; // without IPv6 the link is as good as ever
    }
  }

  #ipv6Down(now: Instant): NetworkEffect[] {
    const isDown = this.#ipv6cp.state === 'initial' || this.#ipv6cp.state === 'starting';
    return isDown ? [] : this.#toIpv6cp({ type: 'down' }, now);
  }
}

const FINISHED: Readonly<Record<Finish, string>> = {
  silence: 'it answers no IPCP request',
  'no agreement': 'it answers IPCP, but does not agree to anything',
  rejected: 'it does not understand IPCP (Code-Reject)',
  terminated: 'it closed IPCP',
};

const noAddress = (what: string): NetworkEffect => ({
  type: 'failed',
  failure: { code: 'no-address', detail: `the server accepted us, but ${what}` },
});
