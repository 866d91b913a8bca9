// TUN to UDP with few system calls: the kernel hands over TCP and UDP in super-packets of up to 64 KB, which are cut here, and
// takes up to 64 datagrams at a time (UDP_SEGMENT). No payload is copied: only headers are built, the rest is sent from where it was read.
#include "checksum.h"
#include "peer.h"
#include <errno.h>
#include <linux/virtio_net.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum {
  VNET_HEADER = sizeof(struct virtio_net_hdr),
  // Limits of one send: UDP_MAX_SEGMENTS, and what fits into one UDP datagram.
  MOST_SEGMENTS = 64,
  MOST_OCTETS = 65507,
  // Of what is read before it is sent; small enough to stay in the cache.
  ARENA = 256 << 10,
  TCP_HEADER_AND_IP_HEADER = 60 + 60,
};

static uint8_t arena[ARENA];
static uint8_t headers[MOST_SEGMENTS][LONGEST_HEADER + TCP_HEADER_AND_IP_HEADER];

// The send that is being put together.
static struct {
  const struct session *session;
  struct iovec parts[2 * MOST_SEGMENTS];
  size_t segments;
  // Of all but the last, and whether that one was shorter: then there can be no other.
  size_t segment_length;
  bool closed;
  size_t length;
} message;

static void flush(void) {
  if (message.segments == 0) return;
  struct sockaddr_in peer = message.session->peer;
  struct msghdr header = {.msg_iov = message.parts, .msg_iovlen = 2 * message.segments};
  if (!connected) {
    header.msg_name = &peer;
    header.msg_namelen = sizeof peer;
  }
  union {
    char octets[CMSG_SPACE(sizeof(uint16_t))];
    struct cmsghdr align;
  } control;
  if (message.segments > 1) {
    header.msg_control = control.octets;
    header.msg_controllen = sizeof control.octets;
    struct cmsghdr *option = CMSG_FIRSTHDR(&header);
    option->cmsg_level = IPPROTO_UDP;
    option->cmsg_type = UDP_SEGMENT;
    option->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    const uint16_t length = (uint16_t)message.segment_length;
    memcpy(CMSG_DATA(option), &length, sizeof length);
  }
  if (sendmsg(udp, &header, 0) < 0 && errno != ECONNREFUSED && errno != EDESTADDRREQ) perror("peer: sendmsg");
  message.segments = message.length = 0;
  message.closed = false;
}

// Makes room for one more datagram. Returns where its headers go.
static uint8_t *begin(const struct session *s, size_t length) {
  if (message.segments > 0 &&
      (message.closed || message.segments == MOST_SEGMENTS || length > message.segment_length ||
       message.length + length > MOST_OCTETS || message.session != s))
    flush();
  if (message.segments == 0) message.segment_length = length;
  message.closed = length < message.segment_length;
  message.session = s;
  return headers[message.segments];
}

static void add(size_t header_length, uint8_t *payload, size_t length) {
  struct iovec *parts = message.parts + 2 * message.segments++;
  parts[0] = (struct iovec){headers[message.segments - 1], header_length};
  parts[1] = (struct iovec){payload, length};
  message.length += header_length + length;
}

// One packet as it is, but for a checksum that the sender has left to us.
static void whole(const struct session *s, const struct virtio_net_hdr *vnet, uint8_t *packet, size_t length) {
  if (vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && (size_t)vnet->csum_start + vnet->csum_offset + 2 <= length) {
    uint8_t *from = packet + vnet->csum_start; // the field holds the sum of the pseudo-header
    uint16_t sum = (uint16_t)~fold(sum_octets(from, length - vnet->csum_start, 0));
    put_sum(from + vnet->csum_offset, sum == 0 ? 0xffff : sum);
  }
  uint8_t *header = begin(s, s->header_length + length);
  add(put_header(s, packet, header), packet, length);
}

// A super-packet of TCP or UDP over IPv4, cut into what the sender would have sent.
static void cut(const struct session *s, const struct virtio_net_hdr *vnet, uint8_t *packet, size_t length) {
  const bool is_tcp = (vnet->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_TCPV4;
  const size_t ip_length = (size_t)(packet[0] & 15) * 4;
  const size_t front = ip_length + (is_tcp ? (size_t)(packet[ip_length + 12] >> 4) * 4 : 8);
  const uint16_t id = get16(packet + 4);
  const uint32_t sequence = get32(packet + ip_length + 4);
  enum { CWR = 0x80, PSH = 0x08, FIN = 0x01 };
  size_t number = 0;
  for (size_t at = front; at < length; at += vnet->gso_size, number++) {
    const size_t size = length - at < vnet->gso_size ? length - at : vnet->gso_size;
    uint8_t *ip = begin(s, s->header_length + front + size);
    ip += put_header(s, packet, ip);
    memcpy(ip, packet, front);
    put16(ip + 2, (uint32_t)(front + size));
    put16(ip + 4, id + (uint32_t)number);
    put_sum(ip + 10, 0);
    put_sum(ip + 10, (uint16_t)~fold(sum_octets(ip, ip_length, 0)));

    uint8_t *transport = ip + ip_length, *checksum = transport + (is_tcp ? 16 : 6);
    if (is_tcp) {
      put32(transport + 4, sequence + (uint32_t)(at - front));
      if (at > front) transport[13] &= (uint8_t)~CWR;
      if (at + size < length) transport[13] &= (uint8_t)~(PSH | FIN);
    } else put16(transport + 4, (uint32_t)(8 + size));
    put_sum(checksum, 0);
    const uint64_t pseudo = htons(is_tcp ? IPPROTO_TCP : IPPROTO_UDP) + (uint64_t)htons((uint16_t)(front - ip_length + size));
    uint64_t sum = sum_octets(ip + 12, 8, pseudo);
    sum = sum_octets(transport, front - ip_length, sum);
    const uint16_t folded = (uint16_t)~fold(sum_octets(packet + at, size, sum));
    put_sum(checksum, folded == 0 && !is_tcp ? 0xffff : folded);
    add(s->header_length + front, packet + at, size);
  }
}

void *upload_gso(void *unused) {
  struct pollfd readable = {tun, POLLIN, 0};
  size_t at = 0;
  for (;;) {
    if (ARENA - at < VNET_HEADER + LONGEST_PACKET) flush();
    if (message.segments == 0) at = 0; // nothing waits in the arena
    const ssize_t length = read(tun, arena + at, VNET_HEADER + LONGEST_PACKET);
    if (length < 0) {
      flush();
      poll(&readable, 1, -1);
      continue;
    }
    const struct session *s = session;
    if (s == NULL || length <= VNET_HEADER) continue;
    struct virtio_net_hdr vnet;
    memcpy(&vnet, arena + at, VNET_HEADER);
    uint8_t *packet = arena + at + VNET_HEADER;
    (vnet.gso_type == VIRTIO_NET_HDR_GSO_NONE ? whole : cut)(s, &vnet, packet, (size_t)length - VNET_HEADER);
    at += (size_t)length;
  }
  return unused;
}
