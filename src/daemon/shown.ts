/** Text that came from a peer, made fit to be shown: no control characters, nothing endless, none of the connection's secrets. */
import { shownText } from '../protocol/ppp/shown-text.ts';
import type { ConnectionSettings } from './settings.ts';

/** A server knows the password after PAP, and may put anything into the texts of StopCCN and CDN. */
export function shownFor({ client }: ConnectionSettings): (text: string) => string {
  const secrets = [client.link.password, client.tunnel.secret ?? ''];
  return (text) => secrets.reduce((left, secret) => shownText(left, secret), text);
}
