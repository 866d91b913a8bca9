// UDP to TUN with few system calls: the kernel hands over several datagrams at a time (UDP_GRO, recvmmsg); segments of one TCP
// connection or UDP flow that follow each other are joined here into one super-packet. The checksum of each is verified before,
// for of a super-packet the kernel believes it. What does not fit goes alone, and never overtakes.
#define _GNU_SOURCE // recvmmsg
#include "checksum.h"
#include "peer.h"
#include <linux/virtio_net.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum { MESSAGES = 8, BUFFER = 65536, MOST_SEGMENTS = 64 };

static uint8_t buffers[MESSAGES][BUFFER];

// Segments that may become one super-packet.
static struct {
  uint8_t *first;
  // Room for the vnet header, then the first segment, then what follows the headers of the others.
  struct iovec parts[1 + MOST_SEGMENTS];
  int segments;
  size_t front; // IP and TCP or UDP header
  size_t size;  // payload of each segment, the last one's may be smaller
  size_t length;
  uint32_t next_sequence;
  uint16_t next_id;
} run;

enum { IP = 20, ACK = 0x10, PSH = 0x08 };

static bool is_tcp(const uint8_t *packet) { return packet[9] == IPPROTO_TCP; }

static void write_run(void) {
  if (run.segments == 0) return;
  struct virtio_net_hdr vnet = {0};
  if (run.segments > 1) {
    uint8_t *ip = run.first, *transport = ip + IP;
    put16(ip + 2, (uint32_t)run.length);
    put_sum(ip + 10, 0);
    put_sum(ip + 10, (uint16_t)~fold(sum_octets(ip, IP, 0)));
    if (!is_tcp(ip)) put16(transport + 4, (uint32_t)(run.length - IP));
    vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    vnet.gso_type = is_tcp(ip) ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_UDP_L4;
    vnet.gso_size = (uint16_t)run.size;
    vnet.hdr_len = (uint16_t)run.front;
    vnet.csum_start = IP;
    vnet.csum_offset = is_tcp(ip) ? 16 : 6;
    const uint64_t pseudo = sum_octets(ip + 12, 8, htons(ip[9]) + (uint64_t)htons((uint16_t)(run.length - IP)));
    put_sum(transport + vnet.csum_offset, fold(pseudo));
  }
  run.parts[0] = (struct iovec){&vnet, sizeof vnet};
  if (writev(tun, run.parts, 1 + run.segments) < 0) {} // what the kernel will not have is lost
  run.segments = 0;
}

// Whether the packet is one that may be joined with others: its headers' length, else 0.
static size_t joinable(const uint8_t *packet, size_t length) {
  if (packet[0] != 0x45 || length < IP + 20 || get16(packet + 2) != length || get16(packet + 6) & 0xbfff) return 0;
  const uint8_t *transport = packet + IP;
  size_t front = IP + 8;
  if (is_tcp(packet)) {
    front = IP + (size_t)(transport[12] >> 4) * 4;
    if (front < IP + 20 || (transport[13] & ~PSH) != ACK) return 0;
  } else if (packet[9] != IPPROTO_UDP || get16(transport + 4) != length - IP || get16(transport + 6) == 0) return 0;
  if (front >= length) return 0;
  const uint64_t pseudo = sum_octets(packet + 12, 8, htons(packet[9]) + (uint64_t)htons((uint16_t)(length - IP)));
  return fold(sum_octets(transport, length - IP, pseudo)) == 0xffff ? front : 0;
}

// Whether it follows the run in such a way that the kernel would take both apart again into the same two.
static bool follows(const uint8_t *packet, size_t front, size_t length) {
  const uint8_t *first = run.first, *ours = first + IP, *theirs = packet + IP;
  if (run.segments == 0 || run.segments == MOST_SEGMENTS || front != run.front || length - front > run.size) return false;
  if (run.length + length - front > LONGEST_PACKET || get16(packet + 4) != run.next_id) return false;
  if (packet[1] != first[1] || memcmp(packet + 6, first + 6, 4) != 0) return false; // TOS; DF, TTL, protocol
  if (memcmp(packet + 12, first + 12, 8) != 0 || memcmp(theirs, ours, 4) != 0) return false; // addresses, ports
  if (!is_tcp(packet)) return true;
  return get32(theirs + 4) == run.next_sequence && memcmp(theirs + 8, ours + 8, 5) == 0 && // acknowledgement, offset
         memcmp(theirs + 14, ours + 14, 2) == 0 && memcmp(theirs + 20, ours + 20, front - IP - 20) == 0; // window, options
}

static void receive(uint8_t *packet, size_t length) {
  const size_t front = joinable(packet, length);
  if (front == 0 || !follows(packet, front, length)) {
    write_run();
    run.first = packet;
    run.front = front;
    run.size = length - front;
    run.length = 0;
    run.next_sequence = get32(packet + IP + 4);
    run.next_id = get16(packet + 4);
    run.parts[1] = (struct iovec){packet, length};
    run.length = front;
  } else {
    run.parts[1 + run.segments] = (struct iovec){packet + front, length - front};
    if (is_tcp(packet)) run.first[IP + 13] |= packet[IP + 13]; // PSH of the last one
  }
  const size_t size = length - front;
  run.segments++;
  run.length += size;
  run.next_sequence += (uint32_t)size;
  run.next_id++;
  if (front == 0 || size < run.size || (is_tcp(packet) && packet[IP + 13] & PSH)) write_run();
}

void *download_gso(void *unused) {
  static struct mmsghdr messages[MESSAGES];
  static struct iovec parts[MESSAGES];
  static struct sockaddr_in from[MESSAGES];
  static union {
    char octets[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control[MESSAGES];
  for (;;) {
    for (int i = 0; i < MESSAGES; i++) {
      parts[i] = (struct iovec){buffers[i], BUFFER};
      messages[i].msg_hdr = (struct msghdr){
          .msg_name = &from[i],
          .msg_namelen = sizeof from[i],
          .msg_iov = &parts[i],
          .msg_iovlen = 1,
          .msg_control = control[i].octets,
          .msg_controllen = sizeof control[i].octets,
      };
    }
    const int count = recvmmsg(udp, messages, MESSAGES, MSG_WAITFORONE, NULL);
    const struct session *s = session;
    for (int i = 0; i < count; i++) {
      const size_t length = messages[i].msg_len;
      size_t size = length;
      for (struct cmsghdr *option = CMSG_FIRSTHDR(&messages[i].msg_hdr); option != NULL;
           option = CMSG_NXTHDR(&messages[i].msg_hdr, option))
        if (option->cmsg_level == IPPROTO_UDP && option->cmsg_type == UDP_GRO) {
          int each;
          memcpy(&each, CMSG_DATA(option), sizeof each);
          size = (size_t)each;
        }
      for (size_t at = 0; at < length; at += size) {
        uint8_t *datagram = buffers[i] + at;
        const size_t left = length - at < size ? length - at : size;
        size_t end, packet = packet_in(s, &from[i], datagram, left, &end);
        if (packet > 0) receive(datagram + packet, end - packet);
        else to_lns(&from[i], datagram, left);
      }
    }
    write_run();
  }
  return unused;
}
