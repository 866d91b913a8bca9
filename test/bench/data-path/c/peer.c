// The data plane of L2TP and PPP in C, for comparison: how fast can a program of its own move packets between a TUN device
// and a UDP socket?
//
//   peer plain|gso TUN ADDRESS PORT PEER PORT IDS HEADER    one session, known beforehand; IDS and HEADER in hexadecimal
//   peer gso TUN ADDRESS PORT                               the session, and all that is not IP, is an LNS's affair: peer-lns.c
//
// plain: one read and one write for every packet. gso: as few system calls as the kernel allows, see peer-up.c and
// peer-down.c. Each direction has a thread. Only IPv4 outside.
#include "peer.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int tun, udp;
_Atomic(const struct session *) session;
_Atomic(bool) connected;
bool has_lns;

static void die(const char *what) {
  fprintf(stderr, "peer: %s: %s\n", what, strerror(errno));
  exit(1);
}

// Non-blocking with GSO: there it is read until nothing is left.
static int open_tun(const char *name, bool gso) {
  int fd = open("/dev/net/tun", O_RDWR | (gso ? O_NONBLOCK : 0));
  if (fd < 0) die("/dev/net/tun");
  struct ifreq request = {.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | (gso ? IFF_VNET_HDR : 0))};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(fd, TUNSETIFF, &request) < 0) die(name);
  if (!gso) return fd;
  // IPv6 comes packet by packet: nothing here segments it. USO came with Linux 6.2.
  const unsigned long uso = 0x20 | 0x40; // TUN_F_USO4 | TUN_F_USO6, which go together
  if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | uso) < 0 && ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) < 0)
    die("TUNSETOFFLOAD");
  return fd;
}

static struct sockaddr_in endpoint(const char *address, const char *port) {
  struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  if (inet_pton(AF_INET, address, &result.sin_addr) != 1) {
    fprintf(stderr, "peer: %s is no IPv4 address\n", address);
    exit(2);
  }
  return result;
}

static int open_udp(const struct sockaddr_in *local, bool gso) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  const int octets = 4 << 20, on = 1;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof octets);
  if (bind(fd, (const struct sockaddr *)local, sizeof *local) < 0) die("bind");
  if (gso && setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) < 0) die("UDP_GRO");
  return fd;
}

// Returns the number of octets, at most `room`.
static size_t from_hex(const char *text, uint8_t *to, size_t room) {
  size_t length = 0;
  unsigned octet;
  for (; length < room && sscanf(text, "%2x", &octet) == 1; text += 2) to[length++] = (uint8_t)octet;
  return length;
}

bool connect_to(const struct sockaddr_in *peer) {
  connected = connect(udp, (const struct sockaddr *)peer, sizeof *peer) == 0;
  return connected;
}

void disconnect(void) {
  const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  connected = false;
  if (connect(udp, &nobody, sizeof nobody) < 0) die("connect");
}

size_t put_header(const struct session *s, const uint8_t *packet, uint8_t *to) {
  memcpy(to, s->header, s->header_length);
  if (packet[0] >> 4 == 6) to[s->header_length - 1] = PPP_IPV6;
  return s->header_length;
}

size_t packet_in(const struct session *s, const struct sockaddr_in *from, const uint8_t *datagram, size_t length,
                 size_t *end) {
  enum { T = 0x80, L = 0x40, S = 0x08, O = 0x02, SHORTEST = 8 }; // of the first octet, RFC 2661 3.1
  if (s == NULL || length < SHORTEST + LONGEST_HEADER || datagram[0] & T || (datagram[1] & 0x0f) != 2) return 0;
  if (from->sin_addr.s_addr != s->peer.sin_addr.s_addr || from->sin_port != s->peer.sin_port) return 0;
  size_t at = 2;
  *end = length;
  if (datagram[0] & L) {
    *end = (size_t)(datagram[2] << 8 | datagram[3]);
    at = 4;
  }
  if (*end > length || memcmp(datagram + at, s->ids, sizeof s->ids) != 0) return 0;
  at += 4 + (datagram[0] & S ? 4 : 0);
  if (datagram[0] & O) at += 2 + (size_t)(datagram[at] << 8 | datagram[at + 1]);
  if (at + 4 >= *end) return 0;
  if (datagram[at] == 0xff && datagram[at + 1] == 0x03) at += 2;
  if (datagram[at] == 0) at++;
  const uint8_t protocol = datagram[at++];
  if (at >= *end) return 0;
  const uint8_t version = datagram[at] >> 4;
  return (protocol == PPP_IPV4 && version == 4) || (protocol == PPP_IPV6 && version == 6) ? at : 0;
}

void *upload_plain(void *unused) {
  static uint8_t buffer[LONGEST_HEADER + LONGEST_PACKET];
  uint8_t *const packet = buffer + LONGEST_HEADER;
  for (;;) {
    const ssize_t length = read(tun, packet, LONGEST_PACKET);
    const struct session *s = session;
    if (length <= 0 || s == NULL) continue;
    uint8_t *const datagram = packet - s->header_length;
    put_header(s, packet, datagram);
    const bool has_name = !connected;
    const struct sockaddr *to = has_name ? (const struct sockaddr *)&s->peer : NULL;
    sendto(udp, datagram, s->header_length + (size_t)length, 0, to, has_name ? sizeof s->peer : 0);
  }
  return unused;
}

void *download_plain(void *unused) {
  static uint8_t datagram[LONGEST_PACKET];
  for (;;) {
    struct sockaddr_in from;
    socklen_t from_length = sizeof from;
    const ssize_t length = recvfrom(udp, datagram, sizeof datagram, 0, (struct sockaddr *)&from, &from_length);
    if (length <= 0) continue;
    size_t end, at = packet_in(session, &from, datagram, (size_t)length, &end);
    if (at == 0) to_lns(&from, datagram, (size_t)length);
    else if (write(tun, datagram + at, end - at) < 0) continue; // a packet the kernel will not have is lost
  }
  return unused;
}

int main(int count, char **arguments) {
  const bool gso = count > 1 && strcmp(arguments[1], "gso") == 0;
  if ((count != 5 && count != 9) || (!gso && strcmp(arguments[1], "plain") != 0)) {
    fprintf(stderr, "usage: peer plain|gso TUN ADDRESS PORT [PEER PORT IDS HEADER]\n");
    return 2;
  }
  tun = open_tun(arguments[2], gso);
  const struct sockaddr_in local = endpoint(arguments[3], arguments[4]);
  udp = open_udp(&local, gso);
  static struct session fixed;
  if (count == 9) {
    fixed.peer = endpoint(arguments[5], arguments[6]);
    from_hex(arguments[7], fixed.ids, sizeof fixed.ids);
    fixed.header_length = from_hex(arguments[8], fixed.header, sizeof fixed.header);
    if (!connect_to(&fixed.peer)) die("connect");
    session = &fixed;
  }
  has_lns = count == 5;
  pthread_t up, down;
  pthread_create(&up, NULL, gso ? upload_gso : upload_plain, NULL);
  pthread_create(&down, NULL, gso ? download_gso : download_plain, NULL);
  if (has_lns) {
    serve_lns();
    return 0;
  }
  pthread_join(up, NULL);
  return 0;
}
