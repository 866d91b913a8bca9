// Small UDP datagrams as fast as they can be sent, or how many of them arrive.
//
//   blast to ADDRESS PORT SECONDS OCTETS    sends datagrams of so many octets, a system call each, and prints how many a second
//   blast at ADDRESS PORT SECONDS           waits for the first one and prints how many a second arrive from then on, 0 after
//                                           as many seconds without any
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static long to(int fd, const struct sockaddr_in *address, double seconds, size_t octets) {
  static const char datagram[65507];
  if (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0) return -1;
  long count = 0;
  for (const double end = now() + seconds; now() < end;)
    for (int i = 0; i < 32; i++) count += send(fd, datagram, octets, 0) >= 0; // what the device has no room for is lost
  return count;
}

static long at(int fd, const struct sockaddr_in *address, double seconds) {
  const struct timeval patience = {.tv_sec = (time_t)seconds};
  const int room = 8 << 20; // it is not to be the one that loses them
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (bind(fd, (const struct sockaddr *)address, sizeof *address) < 0) return -1;
  char octet;
  long count = 0;
  double end = 0;
  while (recv(fd, &octet, 1, 0) >= 0) {
    if (count == 0) end = now() + seconds;
    else if (now() >= end) break;
    count++;
  }
  return count;
}

int main(int count, char **arguments) {
  const int sends = count == 6 && strcmp(arguments[1], "to") == 0;
  if (!sends && !(count == 5 && strcmp(arguments[1], "at") == 0)) {
    fprintf(stderr, "usage: blast to ADDRESS PORT SECONDS OCTETS, blast at ADDRESS PORT SECONDS\n");
    return 2;
  }
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[3]))};
  if (inet_pton(AF_INET, arguments[2], &address.sin_addr) != 1) return 2;
  const double seconds = atof(arguments[4]);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const long datagrams = sends ? to(fd, &address, seconds, (size_t)atoi(arguments[5])) : at(fd, &address, seconds);
  if (datagrams < 0) {
    perror("blast");
    return 1;
  }
  printf("%.0f\n", (double)datagrams / seconds);
  return 0;
}
