'use strict';
'require baseclass';

/* Times, amounts and addresses as text that is taken in at a glance. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS = ['', 'k', 'M', 'G', 'T'];

/** Decimal, as networks and disks count: three digits at most, or one behind the point. */
function scaled(value, unit) {
  let step = 0;
  for (; value >= 999.5 && step < STEPS.length - 1; step++) value /= 1000;
  const digits = step === 0 || value >= 9.95 ? Math.round(value) : Number(value.toFixed(1));
  return `${digits} ${STEPS[step]}${unit}`;
}

const pair = (both, one, big, small) => (small === 0 ? one.format(big) : both.format(big, small));

const endpoint = ({ address, port }) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);

return baseclass.extend({
  octets: (octets) => scaled(octets, 'B'),

  rate: (bitsPerSecond) => scaled(bitsPerSecond, 'bit/s'),

  count: (number) => number.toLocaleString(),

  duration(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    if (s < MINUTE) return _('%d s').format(s);
    if (s < HOUR) return pair(_('%d min %d s'), _('%d min'), Math.floor(s / MINUTE), s % MINUTE);
    if (s < DAY) return pair(_('%d h %d min'), _('%d h'), Math.floor(s / HOUR), Math.floor((s % HOUR) / MINUTE));
    return pair(_('%d d %d h'), _('%d d'), Math.floor(s / DAY), Math.floor((s % DAY) / HOUR));
  },

  /** In one unit: it is the order of things that counts. */
  ago(ms) {
    const s = Math.floor(ms / 1000);
    if (s < 2) return _('just now');
    if (s < MINUTE) return _('%d s ago').format(s);
    if (s < HOUR) return _('%d min ago').format(s / MINUTE);
    if (s < DAY) return _('%d h ago').format(s / HOUR);
    return _('%d d ago').format(s / DAY);
  },

  /** A date of the router's, as the reader writes dates. */
  date: (iso) => new Date(iso).toLocaleString(),

  endpoint,

  /** `lns.example.net (10.5.1.9)`; the port only when it is not the usual one. */
  server({ name, address, port }) {
    const where = port === 1701 ? address : endpoint({ address, port });
    return name === address ? where : `${name} (${where})`;
  },
});
