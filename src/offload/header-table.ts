/** Where the fields of an IP packet's headers stand, in octets from the start of each header, and the numbers found in them. */

// Single constants, not one object each: they stand in loops that run for every packet, and a bundler writes them out as numbers.

// IPv4, RFC 791 §3.1
export const IPV4_OCTETS            = 20; // without options
export const IPV4_TOTAL_LENGTH      =  2;
export const IPV4_IDENTIFICATION    =  4;
export const IPV4_FRAGMENT          =  6; // three flags and the offset
export const IPV4_PROTOCOL          =  9;
export const IPV4_CHECKSUM          = 10;
export const IPV4_SOURCE            = 12;
export const IPV4_MORE_OR_OFFSET    = 0x3fff; // of IPV4_FRAGMENT: more fragments, or not the first one

// IPv6, RFC 8200 §3
export const IPV6_OCTETS            = 40; // without extension headers
export const IPV6_PAYLOAD_LENGTH    =  4;
export const IPV6_NEXT_HEADER       =  6;
export const IPV6_SOURCE            =  8;

// Protocols and next headers, RFC 8200 §4
export const HOP_BY_HOP             =  0;
export const TCP                    =  6;
export const UDP                    = 17;
export const ROUTING                = 43;
export const IPV6_FRAGMENT          = 44;
export const DESTINATION_OPTIONS    = 60;

// TCP, RFC 9293 §3.1
export const TCP_OCTETS             = 20; // without options
export const TCP_SEQUENCE           =  4;
export const TCP_ACKNOWLEDGMENT     =  8;
export const TCP_DATA_OFFSET        = 12; // upper four bits, in words of four octets
export const TCP_FLAGS              = 13;
export const TCP_WINDOW             = 14;
export const TCP_CHECKSUM           = 16;
export const TCP_URGENT             = 18;
export const TCP_FIN                = 0x01;
export const TCP_PSH                = 0x08;
export const TCP_ACK                = 0x10;
export const TCP_ECE                = 0x40;
export const TCP_CWR                = 0x80;

// UDP, RFC 768
export const UDP_OCTETS             =  8;
export const UDP_LENGTH             =  4;
export const UDP_CHECKSUM           =  6;
