// The peer at the far end: an LNS talks to it through its standard input and output. It passes every datagram on that is no
// IP packet of the session, sends what the LNS wants sent, and moves the packets of the session that it is told.
//
//   frame: kind, address (4 octets), port (2), length (2), as many octets.   D: datagram, either way.
//   S: from now on this is the session: ids in what is received (4 octets), then the header of what is sent.   E: it has ended.
#include "checksum.h"
#include "peer.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FRAME_HEADER = 9 };

void to_lns(const struct sockaddr_in *from, const uint8_t *datagram, size_t length) {
  if (!has_lns) return;
  uint8_t header[FRAME_HEADER] = {'D'};
  memcpy(header + 1, &from->sin_addr, 4);
  memcpy(header + 5, &from->sin_port, 2);
  put16(header + 7, (uint32_t)length);
  const struct iovec parts[] = {{header, sizeof header}, {(void *)datagram, length}};
  if (writev(STDOUT_FILENO, parts, 2) < 0) exit(1);
}

static bool read_all(uint8_t *to, size_t length) {
  while (length > 0) {
    const ssize_t had = read(STDIN_FILENO, to, length);
    if (had <= 0) return false;
    to += had;
    length -= (size_t)had;
  }
  return true;
}

static void begin(const struct sockaddr_in *peer, const uint8_t *body, size_t length) {
  struct session *new = calloc(1, sizeof *new); // a thread may still look at the old one: a few octets are left to it
  if (new == NULL || length < sizeof new->ids || length - sizeof new->ids > LONGEST_HEADER) exit(1);
  new->peer = *peer;
  memcpy(new->ids, body, sizeof new->ids);
  new->header_length = length - sizeof new->ids;
  memcpy(new->header, body + sizeof new->ids, new->header_length);
  if (!connect_to(peer)) {
    perror("peer: connect");
    exit(1);
  }
  session = new;
}

void serve_lns(void) {
  static uint8_t body[LONGEST_PACKET];
  uint8_t header[FRAME_HEADER];
  while (read_all(header, sizeof header) && read_all(body, get16(header + 7))) {
    struct sockaddr_in peer = {.sin_family = AF_INET};
    memcpy(&peer.sin_addr, header + 1, 4);
    memcpy(&peer.sin_port, header + 5, 2);
    const size_t length = get16(header + 7);
    if (header[0] == 'D') sendto(udp, body, length, 0, (struct sockaddr *)&peer, sizeof peer);
    if (header[0] == 'S') begin(&peer, body, length);
    if (header[0] == 'E') {
      session = NULL;
      disconnect();
    }
  }
}
