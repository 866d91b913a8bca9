/** Names to addresses, asked in a way that does not depend on any tunnel. */
export interface ResolverPort {
  /**
   * Every IPv4 and IPv6 address of a name; an address comes back as it is. Asks `nameServers` (or else those of the uplink)
   * over the uplink first, then the system's resolver.
   * @param nameServers addresses, with an optional `:port`; empty: find them
   * @throws HostError `resolve-failed`, naming every server asked and what it said
   */
  resolve(name: string, uplink: string | undefined, nameServers: readonly string[]): Promise<readonly string[]>;
}
