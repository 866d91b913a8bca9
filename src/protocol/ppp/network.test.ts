import { describe, expect, it } from 'vitest';
import { octets } from '../../../test/codec-vectors.ts';
import { hex } from '../../wire/bytes.ts';
import { CLIENT_WISHES } from './ipcp.ts';
import { Network, type NetworkEffect, type NetworkInput } from './network.ts';

/** Both network protocols of a client, told and watched as `protocol packet`; our interface identifier is all nines. */
class Conversation {
  readonly network: Network;
  now = 0;

  constructor(ipv6 = true) {
    const entropy = (length: number) => new Uint8Array(length).fill(0x09);
    this.network = new Network({ ipv4: CLIENT_WISHES, ipv6, entropy });
  }
  tell(input: NetworkInput): (string | NetworkEffect)[] {
    return this.network.handle(input, this.now).map((effect) => {
      if (effect.type === 'packet') return `${effect.protocol.toString(16)} ${hex(effect.bytes)}`;
      if (effect.type === 'failed') return `${effect.failure.code}: ${effect.failure.detail}`;
      return effect.type === 'dropped' ? `dropped ${effect.why}` : effect;
    });
  }
  hear(protocol: number, packet: string): (string | NetworkEffect)[] {
    return this.tell({ type: 'packet', protocol, bytes: octets(packet) });
  }
  wait(): (string | NetworkEffect)[] {
    this.now = this.network.deadline ?? Number.NaN;
    return this.tell({ type: 'tick' });
  }
}

const IPCP = 0x8021;
const IPV6CP = 0x8057;
const IDENTIFIER = '0909090909090909';
const REQUEST = `8021 01010016030600000000810600000000830600000000`;
const REQUEST_6 = `8057 0101000e010a${IDENTIFIER}`;

/** IPCP as xl2tpd speaks it, up to the address. */
function ipv4(): Conversation {
  const conversation = new Conversation(false);
  expect(conversation.tell({ type: 'up' })).toEqual([REQUEST]);
  conversation.hear(IPCP, '0101000a 03060a400001');
  conversation.hear(IPCP, '03010016 03060a40000a 8106cb007135 8306cb007136');
  expect(conversation.hear(IPCP, '02020016 03060a40000a 8106cb007135 8306cb007136')).toEqual([
    {
      type: 'ipv4-up',
      agreed: { localAddress: '10.64.0.10', peerAddress: '10.64.0.1', dns: ['203.0.113.53', '203.0.113.54'] },
    },
  ]);
  return conversation;
}

describe('the network phase', () => {
  it('asks for both protocols at once', () =>
    expect(new Conversation().tell({ type: 'up' })).toEqual([REQUEST, REQUEST_6]));
  it('asks for IPv4 alone where IPv6 is not wanted', () =>
    expect(new Conversation(false).tell({ type: 'up' })).toEqual([REQUEST]));
  it('gets an address', () => void ipv4());

  it('hears nothing before it begins and after it has ended', () => {
    const before = new Conversation();
    expect(before.hear(IPCP, '0101000a 03060a400001')).toEqual(['dropped network protocol before the network phase']);
    const after = ipv4();
    expect(after.tell({ type: 'down' })).toEqual([{ type: 'ipv4-down' }]);
    expect(after.hear(IPCP, '0102000a 03060a400001')).toEqual(['dropped network protocol before the network phase']);
    expect(after.network.deadline).toBeUndefined();
  });

  it('drops IP that comes too early (RFC 1661 §3.6)', () => {
    const conversation = new Conversation();
    conversation.tell({ type: 'up' });
    expect(conversation.hear(0x0021, '4500')).toEqual(['dropped IPv4 while IPCP is not open']);
    expect(conversation.hear(0x0057, '6000')).toEqual(['dropped IPv6 while IPV6CP is not open']);
  });
});

describe('IPv4', () => {
  it('goes down and up when the server changes the address', () => {
    const conversation = ipv4();
    expect(conversation.hear(IPCP, '0102000a 03060a400001')).toEqual([
      { type: 'ipv4-down' },
      '8021 0103001603060a40000a8106cb0071358306cb007136',
      '8021 0202000a03060a400001',
    ]);
    expect(conversation.hear(IPCP, '0303000a 03060a40000b')).toEqual([
      '8021 0104001603060a40000b8106cb0071358306cb007136',
    ]);
    expect(conversation.hear(IPCP, '02040016 03060a40000b 8106cb007135 8306cb007136')).toMatchObject([
      { type: 'ipv4-up', agreed: { localAddress: '10.64.0.11' } },
    ]);
  });

  it('needs neither name servers nor an address of the server', () => {
    const conversation = new Conversation(false);
    conversation.tell({ type: 'up' });
    expect(conversation.hear(IPCP, '04010010 810600000000 830600000000')).toEqual(['8021 0102000a030600000000']);
    expect(conversation.hear(IPCP, '0302000a 03060a40000a')).toEqual(['8021 0103000a03060a40000a']);
    conversation.hear(IPCP, '01010004');
    expect(conversation.hear(IPCP, '0203000a 03060a40000a')).toEqual([
      { type: 'ipv4-up', agreed: { localAddress: '10.64.0.10', peerAddress: undefined, dns: [] } },
    ]);
  });

  it('does not take 0.0.0.0 for the address of the server, nor for a name server, nor one server for two', () => {
    const conversation = new Conversation(false);
    conversation.tell({ type: 'up' });
    conversation.hear(IPCP, '0101000a 030600000000');
    conversation.hear(IPCP, '03010016 03060a40000a 8106cb007135 8306cb007135');
    expect(conversation.hear(IPCP, '02020016 03060a40000a 8106cb007135 8306cb007135')).toMatchObject([
      { agreed: { peerAddress: undefined, dns: ['203.0.113.53'] } },
    ]);
    const none = new Conversation(false);
    none.tell({ type: 'up' });
    none.hear(IPCP, '0101000a 03060a400001');
    none.hear(IPCP, '0301000a 03060a40000a');
    expect(none.hear(IPCP, '02020016 03060a40000a 810600000000 830600000000')).toMatchObject([{ agreed: { dns: [] } }]);
  });

  it.each([
    ['acknowledges that we have none', ['0101000a 03060a400001', '02010016 030600000000 810600000000 830600000000']],
    ['rejects the option', ['0101000a 03060a400001', '0401000a 030600000000', '02020010 810600000000 830600000000']],
    ['closes IPCP', ['0501000c 4e6f20706f6f6c21']],
  ])('is not to be had where the server %s', (_, packets) => {
    const conversation = new Conversation(false);
    conversation.tell({ type: 'up' });
    const effects = packets.flatMap((packet) => conversation.hear(IPCP, packet));
    for (let i = 0; i < 12 && conversation.network.deadline !== undefined; i++) effects.push(...conversation.wait());
    expect(effects.at(-1)).toMatch(/^no-address: the server accepted us, but it/);
    if (packets.length === 1) expect(effects.at(-1)).toMatch(/: No pool!$/);
  });

  it('is given up when nobody answers for 30 s, and at once when IPCP is not spoken', () => {
    const conversation = new Conversation(false);
    conversation.tell({ type: 'up' });
    for (let i = 0; i < 9; i++) conversation.wait();
    expect(conversation.wait()).toEqual(['no-address: the server accepted us, but it answers no IPCP request']);
    expect(conversation.now).toBe(30_000);
    const rejected = new Conversation(false);
    rejected.tell({ type: 'up' });
    expect(rejected.tell({ type: 'protocol-rejected', protocol: IPCP })[0]).toMatch(/^no-address: .*Protocol-Reject/);
  });
});

describe('IPv6', () => {
  it('opens with the identifier that the server suggests (l2tpns)', () => {
    const conversation = new Conversation();
    conversation.tell({ type: 'up' });
    expect(conversation.hear(IPV6CP, '0101000e 010a0000000000000001')).toEqual([
      REQUEST_6,
      '8057 0201000e010a0000000000000001',
    ]);
    expect(conversation.hear(IPV6CP, '0301000e 010a0a41010100000000')).toEqual(['8057 0102000e010a0a41010100000000']);
    expect(conversation.hear(IPV6CP, '0202000e 010a0a41010100000000')).toEqual([
      { type: 'ipv6-up', interfaceId: octets('0a41010100000000') },
    ]);
    expect(conversation.hear(IPV6CP, '05090004')).toEqual([{ type: 'ipv6-down' }, '8057 06090004']);
  });

  it('is left alone when the server does not speak it, and IPv4 does not mind', () => {
    const conversation = new Conversation();
    conversation.tell({ type: 'up' });
    expect(conversation.tell({ type: 'protocol-rejected', protocol: IPV6CP })).toEqual([]);
    expect(conversation.wait()).toEqual([REQUEST]);
    conversation.tell({ type: 'down' });
    expect(conversation.tell({ type: 'up' })).toEqual([`8021 0102${REQUEST.slice(9)}`]);
  });

  it('goes down when the server rejects it while it is open', () => {
    const conversation = new Conversation();
    conversation.tell({ type: 'up' });
    conversation.hear(IPV6CP, `0101000e 010a0000000000000001`);
    conversation.hear(IPV6CP, `0201000e 010a${IDENTIFIER}`);
    expect(conversation.tell({ type: 'protocol-rejected', protocol: 0x0057 })).toEqual([{ type: 'ipv6-down' }]);
  });

  it('needs no identifier to be agreed on', () => {
    const conversation = new Conversation();
    conversation.tell({ type: 'up' });
    conversation.hear(IPV6CP, `0101000e 010a0000000000000001`);
    expect(conversation.hear(IPV6CP, `0401000e 010a${IDENTIFIER}`)).toEqual(['8057 01020004']);
    const [up] = conversation.hear(IPV6CP, '02020004');
    expect(up).toEqual({ type: 'ipv6-up', interfaceId: octets(IDENTIFIER) });
  });

  it('may fail in any way, and IPv4 goes on', () => {
    const silent = new Conversation();
    silent.tell({ type: 'up' });
    silent.hear(IPCP, '0101000a 03060a400001');
    silent.hear(IPCP, '03010016 03060a40000a 8106cb007135 8306cb007136');
    silent.hear(IPCP, '02020016 03060a40000a 8106cb007135 8306cb007136');
    const effects = Array.from({ length: 10 }, () => silent.wait()).flat();
    expect(effects).toEqual(Array(9).fill(REQUEST_6));
    expect(silent.network.deadline).toBeUndefined();
  });
});
