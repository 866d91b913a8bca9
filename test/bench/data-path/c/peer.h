// What the parts of the peer share.
#ifndef PEER_H
#define PEER_H
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  LONGEST_PACKET = 65535,
  // An L2TP header with Length and sequence numbers, and PPP's (RFC 2661 3.1, RFC 1661 2).
  LONGEST_HEADER = 16,
  PPP_IPV4 = 0x21,
  PPP_IPV6 = 0x57,
};

// One L2TP session. It is replaced as a whole and never changed, for two threads look at it with every packet.
struct session {
  struct sockaddr_in peer;
  // Tunnel and session id in what we receive, as they are in the header.
  uint8_t ids[4];
  // In front of every packet that we send; its last octet is the PPP protocol.
  uint8_t header[LONGEST_HEADER];
  size_t header_length;
};

extern int tun, udp;
// NULL as long as there is none: packets from the TUN are dropped.
extern _Atomic(const struct session *) session;
// The socket is connected to the session's peer: what is sent needs no address, and no route is looked up for it. Nobody else is heard.
extern _Atomic(bool) connected;
// There is an LNS: its sessions come and go.
extern bool has_lns;

// Writes the header for a packet. Returns its length.
size_t put_header(const struct session *session, const uint8_t *packet, uint8_t *to);
// Where in a datagram the IP packet begins (and ends); 0: it is something else, or somebody else's.
size_t packet_in(const struct session *session, const struct sockaddr_in *from, const uint8_t *datagram, size_t length,
                 size_t *end);
// Connects the socket to the peer, or to nobody any more.
bool connect_to(const struct sockaddr_in *peer);
void disconnect(void);
// Hands a datagram that is none of ours to the LNS, if there is one.
void to_lns(const struct sockaddr_in *from, const uint8_t *datagram, size_t length);
// Does what the LNS says, until it ends.
void serve_lns(void);

// The threads: one for each direction and mode.
void *upload_plain(void *);
void *download_plain(void *);
void *upload_gso(void *);
void *download_gso(void *);

#endif
