/** Times and amounts in words that a person takes in at a glance. */

/** `312 ms`, `5.2 s`, `3 min 20 s`, `2 h 13 min`, `5 d 3 h` */
export function durationWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return pair(seconds, 60, 'min', 1, 's');
  if (seconds < 86_400) return pair(seconds, 3600, 'h', 60, 'min');
  return pair(seconds, 86_400, 'd', 3600, 'h');
}

/** `17 octets`, `1.5 kB`, `23 MB`: decimal, as disks and networks count. */
export function octetsWords(octets: number): string {
  const steps = ['kB', 'MB', 'GB', 'TB', 'PB'];
  if (octets < 1000) return `${octets} octets`;
  let value = octets / 1000;
  let step = 0;
  for (; value >= 999.5 && step < steps.length - 1; step++) value /= 1000;
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${steps[step]}`;
}

function pair(seconds: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % big) / small);
  return `${Math.floor(seconds / big)} ${bigName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}
