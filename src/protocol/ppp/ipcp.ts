/** IPCP: how IPv4 addresses and name servers are agreed on (RFC 1332, RFC 1877). */
import type { Ipv4Agreement } from '../client-io.ts';
import { ControlProtocol } from './control-protocol.ts';
import { IPCP_OPTION, type IpcpContext } from './option-table.ts';

export type Ipcp = ControlProtocol<IpcpContext, typeof IPCP_OPTION>;

/** What a client asks for: an address, and name servers if there are any. */
export const CLIENT_WISHES: IpcpContext = { address: '0.0.0.0', wantsDns: true, assigns: undefined };

export const ipcp = (context: IpcpContext): Ipcp => new ControlProtocol('IPCP', IPCP_OPTION, context);

/** What has been agreed on; no local address where the peer gave us none. */
export function agreementOf({
  negotiation: { ours, theirs },
}: Ipcp): Omit<Ipv4Agreement, 'localAddress'> & { localAddress: string | undefined } {
  const servers = [given(ours.primaryDns), given(ours.secondaryDns)].filter((server) => server !== undefined);
  return { localAddress: given(ours.ipAddress), peerAddress: given(theirs.ipAddress), dns: [...new Set(servers)] };
}

/** 0.0.0.0 is a question, not an address. */
const given = (address: string | undefined): string | undefined => (address === '0.0.0.0' ? undefined : address);
