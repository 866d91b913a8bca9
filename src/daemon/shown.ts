/** Text that came from a peer, made fit to be shown: no control characters, nothing endless, none of the connection's secrets. */
import type { Failure } from '../protocol/failure.ts';
import { shownText } from '../protocol/ppp/shown-text.ts';
import type { ConnectionSettings } from './settings.ts';

/** A server knows the password after PAP, and may put anything into the texts of StopCCN and CDN. */
export function shownFor({ client }: ConnectionSettings): (text: string) => string {
  const secrets = [client.link.password, client.tunnel.secret ?? ''];
  return (text) => secrets.reduce((left, secret) => shownText(left, secret), text);
}

/** The same failure, fit to leave the daemon. */
export function shownFailure({ code, detail, peer }: Failure, shown: (text: string) => string): Failure {
  const said = peer && { ...peer, ...(peer.text !== undefined && { text: shown(peer.text) }) };
  return { code, detail: shown(detail), ...(said && { peer: said }) };
}
