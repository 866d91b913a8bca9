import { describe, expect, it } from 'vitest';
import { octets } from '../../../test/codec-vectors.ts';
import { hex } from '../../wire/bytes.ts';
import { readOptions, writeOptions } from '../../wire/ppp-option.ts';
import type { AuthMethod } from '../settings.ts';
import { Negotiation } from './negotiation.ts';
import { IPCP_OPTION, IPV6CP_OPTION, type IpcpContext, LCP_OPTION, type LcpContext } from './option-table.ts';

const MAGIC = 0x11223344;
const freshMagic = () => MAGIC;

const lcp = (context: Partial<LcpContext> = {}) =>
  new Negotiation(LCP_OPTION, { mru: 1460, accepts: ['chap-md5', 'pap'], demands: [], freshMagic, ...context });
const ipcp = (context: Partial<IpcpContext> = {}) =>
  new Negotiation(IPCP_OPTION, { address: '0.0.0.0', wantsDns: true, assigns: undefined, ...context });

type AnyNegotiation = { judge: Negotiation<never, never>['judge'] };
/** Judges options written as hexadecimal digits: `[answer, hex]`. */
function judged(negotiation: AnyNegotiation, options: string): [string, string] {
  const { answer, options: answered } = negotiation.judge(readOptions(octets(options)));
  return [answer, hex(writeOptions(answered))];
}
const asked = (negotiation: { request: Negotiation<never, never>['request'] }) =>
  hex(writeOptions(negotiation.request()));
const told = (options: string) => readOptions(octets(options));

describe('what we ask for', () => {
  it('is an MRU and a magic number; the default MRU says nothing (RFC 1661 §6.1)', () => {
    expect(asked(lcp())).toBe('010405b4' + '050611223344');
    expect(asked(lcp({ mru: 1500 }))).toBe('050611223344');
  });

  it('is an address and two name servers, all unknown (RFC 1332 §3.3, RFC 1877)', () => {
    expect(asked(ipcp())).toBe('030600000000' + '810600000000' + '830600000000');
  });

  it('is what the peer suggests (Configure-Nak)', () => {
    const negotiation = ipcp();
    negotiation.request();
    negotiation.takeNak(told('03060a40000a8106cb0071358306cb007136')); // from xl2tpd
    expect(asked(negotiation)).toBe('03060a40000a8106cb0071358306cb007136');
    negotiation.takeAck();
    expect(negotiation.ours).toEqual({
      ipAddress: '10.64.0.10',
      primaryDns: '203.0.113.53',
      secondaryDns: '203.0.113.54',
    });
  });

  it('is no longer what the peer rejects, not even in the next negotiation', () => {
    const negotiation = lcp();
    negotiation.request();
    expect(negotiation.takeReject(told('050611223344'))).toBe(true); // SoftEther
    expect(asked(negotiation)).toBe('010405b4');
    negotiation.begin();
    expect(asked(negotiation)).toBe('010405b4');
    expect(negotiation.takeReject(told('010405b4'))).toBe(true);
    expect(asked(negotiation)).toBe('');
    expect(negotiation.agreed.ours).toContain('no magic number: refused');
  });

  it('does not change by a Reject of something else, which is no valid packet (RFC 1661 §5.4)', () => {
    const negotiation = lcp();
    const before = asked(negotiation);
    expect(negotiation.takeReject(told('050611223344' + '0702'))).toBe(false);
    expect(asked(negotiation)).toBe(before);
  });

  it('does not grow by suggestions we did not ask for (RFC 1661 §5.3)', () => {
    const negotiation = lcp();
    const before = asked(negotiation);
    negotiation.takeNak(told('0305c22305' + '1104064e'));
    expect(asked(negotiation)).toBe(before);
  });

  it('is dropped when the peer suggests something else every time', () => {
    const negotiation = lcp();
    negotiation.request();
    for (let i = 0; i < 5; i++) negotiation.takeNak([{ code: 1, data: Uint8Array.of(5, i) }]);
    expect(asked(negotiation)).toBe('01040504' + '050611223344');
    negotiation.takeNak(told('01040506'));
    expect(asked(negotiation)).toBe('050611223344');
  });

  it.each([
    ['an MRU nobody can use', '01040040', '050611223344'],
    ['the default MRU', '010405dc', '050611223344'],
    ['an MRU of the wrong length', '010305', '050611223344'],
    ['a larger MRU', '01040640', '01040640050611223344'],
  ])('when %s is suggested: %s', (_, nak, request) => {
    const negotiation = lcp();
    negotiation.request();
    negotiation.takeNak(told(nak));
    expect(asked(negotiation)).toBe(request);
  });

  it('is another magic number, our own when the suggestion may be an echo (RFC 1661 §6.4)', () => {
    let next = 0x01010101;
    const negotiation = lcp({ mru: 1500, freshMagic: () => next++ });
    expect(asked(negotiation)).toBe('050601010101');
    negotiation.takeNak(told('0506aabbccdd'));
    expect(asked(negotiation)).toBe('0506aabbccdd');
    expect(judged(negotiation, '0506aabbccdd')).toEqual(['nak', '050655443322']);
    negotiation.takeNak(told('050655443322'));
    expect(asked(negotiation)).toBe('050601010102');
    negotiation.takeNak(told('050600000000'));
    expect(asked(negotiation)).toBe('050601010103');
  });
});

describe('what the peer asks for', () => {
  // biome-ignore format: a table
  const LCP_REQUESTS: readonly [who: string, request: string, answer: string, options: string][] = [
    ['xl2tpd: MRU, ACCM, CHAP-MD5, magic number',    '010405820206000000000305c223050506715fa8cc', 'ack',    '010405820206000000000305c223050506715fa8cc'],
    ['xl2tpd on a pty: PFC and ACFC besides',        '02060000000007020802',                       'ack',    '02060000000007020802'],
    ['l2tpns: Multilink MRRU, endpoint',             '010405b60305c2230505066b028c901104064e1307020a410001', 'reject', '1104064e1307020a410001'],
    ['Quality-Protocol, Callback',                   '0408c0250000000a' + '0d0306',                'reject', '0408c0250000000a' + '0d0306'],
    ['SoftEther: EAP',                               '0304c227',                                   'nak',    '0305c22305'],
    ['a method not allowed here',                    '0305c22381',                                 'nak',    '0305c22305'],
    ['nothing at all (SoftEther)',                   '',                                           'ack',    ''],
    ['no magic number: zero is illegal (§6.4)',      '050600000000',                               'nak',    '0506ffffffff'],
    ['our own magic number',                         '050611223344',                               'nak',    '0506eeddccbb'],
    ['an MRU too small for anything',                '01040010',                                   'nak',    '01040080'],
    ['the same option twice (§6)',                   '010405dc01040500',                           'reject', '01040500'],
    ['an option of a wrong length: what would be right (§6)', '010305' + '0506aabbccdd',           'nak',    '010405dc'],
    ['a flag with a value: flags are never Nakked (§5.3)', '070300',                               'reject', '070300'],
    ['a Reject wins over a Nak (§5.4)',              '0304c2271104064e',                           'reject', '1104064e'],
  ];

  it.each(LCP_REQUESTS)('%s', (_, request, answer, options) => {
    const negotiation = lcp();
    negotiation.request();
    expect(judged(negotiation, request)).toEqual([answer, options]);
  });

  it('is in force once acknowledged, and forgotten when a new negotiation begins', () => {
    const negotiation = lcp();
    judged(negotiation, '010405820305c22305');
    expect(negotiation.theirs).toEqual({ mru: 1410, authProtocol: octets('c22305') });
    judged(negotiation, '0304c227');
    expect(negotiation.theirs.mru).toBe(1410);
    expect(negotiation.wish).toEqual({ authProtocol: octets('c227') });
    negotiation.begin();
    expect(negotiation.theirs).toEqual({});
  });

  it('is answered with one method after the other, as long as we haggle; then it is rejected (Max-Failure, §4.6)', () => {
    const negotiation = lcp();
    const answers = Array.from({ length: 7 }, () => judged(negotiation, '0304c227'));
    const [chap, pap, no] = [
      ['nak', '0305c22305'],
      ['nak', '0304c023'],
      ['reject', '0304c227'],
    ];
    expect(answers).toEqual([chap, pap, chap, pap, chap, no, no]);
    judged(negotiation, '0304c023'); // an Ack, and the count begins again
    expect(judged(negotiation, '0304c227')).toEqual(chap);
  });

  it('ends in circles sooner or later', () => {
    const negotiation = lcp();
    for (let i = 0; i < 20; i++) judged(negotiation, '0304c227');
    expect(negotiation.diverges).toBe(false);
    judged(negotiation, '0304c227');
    expect(negotiation.diverges).toBe(true);
    negotiation.begin();
    expect(negotiation.diverges).toBe(false);
  });

  // biome-ignore format: a table
  const IPCP_REQUESTS: readonly [who: string, request: string, answer: string, options: string][] = [
    ['its own address',                        '03060a400001',                   'ack',    '03060a400001'],
    ['no address',                             '',                               'ack',    ''],
    ['an address from us, who have none',      '030600000000',                   'ack',    '030600000000'],
    ['Van Jacobson compression (xl2tpd)',      '0206002d0f0103060a400001',       'reject', '0206002d0f01'],
    ['name servers from us',                   '03060a400001810600000000',       'reject', '810600000000'],
    ['NBNS servers',                           '820600000000840600000000',       'reject', '820600000000840600000000'],
    ['the deprecated IP-Addresses (§3.1)',     '010a0a4000010a400002',           'reject', '010a0a4000010a400002'],
  ];
  it.each(IPCP_REQUESTS)('%s', (_, request, answer, options) =>
    expect(judged(ipcp(), request)).toEqual([answer, options]),
  );

  it('is told by a server which address and name servers are its', () => {
    const server = ipcp({
      address: '10.64.0.1',
      wantsDns: false,
      assigns: { address: '10.64.0.10', dns: ['203.0.113.53'] },
    });
    expect(asked(server)).toBe('03060a400001');
    expect(judged(server, '030600000000810600000000')).toEqual(['nak', '03060a40000a8106cb007135']);
    expect(judged(server, '03060a40000a8106cb007135')).toEqual(['ack', '03060a40000a8106cb007135']);
    expect(judged(server, '03060a40000a830600000000')).toEqual(['reject', '830600000000']);
    expect(judged(ipcp({ assigns: { address: undefined, dns: [] } }), '030600000000')).toEqual([
      'reject',
      '030600000000',
    ]);
  });
});

describe('interface identifiers (RFC 5072 §4.1)', () => {
  const own = octets('0011223344556677');
  const negotiation = () => {
    const result = new Negotiation(IPV6CP_OPTION, { freshIdentifier: () => own });
    expect(asked(result)).toBe('010a0011223344556677');
    return result;
  };

  it.each([
    ['different ones: Ack', 'dcc32c288be7d040', 'ack', 'dcc32c288be7d040'],
    ['zero: a suggestion that is not ours, with u = 0', '0000000000000000', 'nak', '0011223344556676'],
    ['equal ones: likewise', '0011223344556677', 'nak', '0011223344556676'],
  ])('%s', (_, identifier, answer, suggestion) => {
    expect(judged(negotiation(), `010a${identifier}`)).toEqual([answer, `010a${suggestion}`]);
  });

  it('takes a suggestion as it is (l2tpns, SoftEther)', () => {
    const ours = negotiation();
    ours.takeNak(told('010a0a41010100000000'));
    expect(asked(ours)).toBe('010a0a41010100000000');
  });

  it('chooses anew when the suggestion may be an echo, or is none', () => {
    for (const offer of ['0011223344556676', '0000000000000000']) {
      const ours = negotiation();
      ours.takeNak(told(`010a${offer}`));
      expect(asked(ours)).toBe('010a0011223344556677');
    }
  });

  it('rejects zero when there is no identifier of ours to differ from', () => {
    const ours = negotiation();
    ours.takeReject(told('010a0011223344556677'));
    expect(judged(ours, '010a0000000000000000')).toEqual(['reject', '010a0000000000000000']);
  });
});

describe('a server that demands authentication', () => {
  const demands: readonly AuthMethod[] = ['chap-md5', 'ms-chap-v2', 'pap'];
  const server = () => {
    const negotiation = lcp({ mru: 1500, accepts: [], demands });
    expect(asked(negotiation)).toBe('0305c22305050611223344');
    return negotiation;
  };

  it('follows the suggestion of the client when it has the method', () => {
    const negotiation = server();
    negotiation.takeNak(told('0304c023'));
    expect(asked(negotiation)).toBe('0304c023050611223344');
  });

  it('goes down its own list otherwise, and asks for nothing at its end', () => {
    const negotiation = server();
    negotiation.takeNak(told('0304c227'));
    expect(asked(negotiation)).toBe('0305c22381050611223344');
    negotiation.takeNak(told('0304c227'));
    expect(asked(negotiation)).toBe('0304c023050611223344');
    negotiation.takeNak(told('0304c227'));
    expect(asked(negotiation)).toBe('050611223344');
  });

  it('does not prove itself', () => expect(judged(server(), '0304c023')).toEqual(['reject', '0304c023']));
});
