// The Internet checksum (RFC 1071), 32 octets at a time.
#ifndef CHECKSUM_H
#define CHECKSUM_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Compilers make the best of this on each machine.
typedef uint64_t two_words __attribute__((vector_size(16)));

// Adds octets to a sum that is not yet folded. All but the last piece of a packet must have an even length.
static inline uint64_t sum_octets(const uint8_t *octets, size_t length, uint64_t sum) {
  two_words sums[4] = {{0}}; // of 32 bits each time: 2^32 of them fit
  for (; length >= 32; octets += 32, length -= 32) {
    two_words here, next;
    memcpy(&here, octets, 16);
    memcpy(&next, octets + 16, 16);
    sums[0] += here & 0xffffffff;
    sums[1] += here >> 32;
    sums[2] += next & 0xffffffff;
    sums[3] += next >> 32;
  }
  sums[0] += sums[1] + sums[2] + sums[3];
  sum += sums[0][0] + sums[0][1];
  for (; length >= 2; octets += 2, length -= 2) {
    uint16_t word;
    memcpy(&word, octets, 2);
    sum += word;
  }
  if (length > 0) {
    uint16_t word = 0;
    memcpy(&word, octets, 1);
    sum += word;
  }
  return sum;
}

// In memory order: to be stored as it is, complemented.
static inline uint16_t fold(uint64_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)sum;
}

static inline uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static inline uint32_t get32(const uint8_t *at) { return (uint32_t)get16(at) << 16 | get16(at + 2); }
static inline void put16(uint8_t *at, uint32_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}
static inline void put32(uint8_t *at, uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value);
}
static inline void put_sum(uint8_t *at, uint16_t value) { memcpy(at, &value, 2); }

#endif
