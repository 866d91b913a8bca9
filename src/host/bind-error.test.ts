import { expect, it } from 'vitest';
import { bindError } from './bind-error.ts';

const local = { address: '192.0.2.2', port: 500 };

it.each([
  ['EADDRINUSE', 'port-in-use', /port 500 on 192\.0\.2\.2 is taken.*sourcePort to 0/],
  ['EACCES', 'network-failed', /port 500: below 1024 .* CAP_NET_BIND_SERVICE.* jail.*sourcePort to 0/],
  ['EADDRNOTAVAIL', 'network-failed', /192\.0\.2\.2 is no longer an address/],
  ['EINVAL', 'network-failed', /port 500: what the system said/],
])('%s is told with its cure', (errno, code, words) => {
  const { failure } = bindError(errno, 'what the system said', local);
  expect(failure).toMatchObject({ code, detail: expect.stringMatching(words) });
});
