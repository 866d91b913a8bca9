import { describe, expect, it } from 'vitest';
import { Claim } from './claim.ts';

const INFO = 'l2tpwan/bridge/info';
const info = (id: string, topics: string[] = []) => JSON.stringify({ id, topics, version: '1' });

describe('a base topic', () => {
  it('is ours when nobody says otherwise', () => {
    const claim = new Claim('l2tpwan', 'bbb');
    expect(claim.watched).toEqual([INFO, 'l2tpwan-bbb/bridge/info']);
    for (const payload of ['', 'online', '{}', '{"id":5}', '[]'])
      expect(claim.hear(INFO, payload, false)).toBe('nothing');
    expect(claim.base).toBe('l2tpwan');
  });

  it('is ours when we had it before, with what we left there', () => {
    const claim = new Claim('l2tpwan', 'bbb');
    const left = ['l2tpwan/wan', 'l2tpwan-bbb/wan', 'homeassistant/device/l2tpwan_bbb_wan/config'];
    const others = ['zigbee2mqtt/lamp', 'homeassistant/device/l2tpwan_aaa_wan/config', 'l2tpwan/#', 'l2tpwan'];
    expect(claim.hear(INFO, info('bbb', [...left, ...others]), false)).toBe('nothing');
    expect([...claim.earlier]).toEqual(left);
    expect(claim.base).toBe('l2tpwan');
    claim.hear(INFO, info('bbb', ['l2tpwan/new']), true); // said by ourselves
    expect([...claim.earlier]).toEqual(left);
  });

  it.each(['aaa', 'ccc'])('is not ours when %s had it first', (id) => {
    const claim = new Claim('l2tpwan', 'bbb');
    expect(claim.hear(INFO, info(id), false)).toBe('moved');
    expect(claim).toMatchObject({ base: 'l2tpwan-bbb', displacedBy: id });
    expect(claim.hear(INFO, info(id), true)).toBe('nothing');
  });

  it('that two take at the same time belongs to the smaller id', () => {
    const [one, other] = [new Claim('l2tpwan', 'aaa'), new Claim('l2tpwan', 'bbb')];
    expect(one.hear(INFO, info('bbb'), true)).toBe('contested');
    expect(other.hear(INFO, info('aaa', ['l2tpwan/wan']), true)).toBe('moved');
    expect([one.base, other.base]).toEqual(['l2tpwan', 'l2tpwan-bbb']);
    expect(['l2tpwan/wan', 'l2tpwan/extra', INFO].map((topic) => other.isOthers(topic))).toEqual([true, false, true]);
  });
});
