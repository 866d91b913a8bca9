/** What an authenticator says, made fit to be shown: nothing that moves a cursor, nothing endless, and never the password. */

/**
 * @param text what the peer chose to say
 * @param password a server may repeat it ("no such password …"): it is blotted out
 */
export function shownText(text: string, password: string): string {
  const blotted = password.length < SHORTEST_BLOTTED ? text : text.replaceAll(password, '***');
  return blotted.replace(CONTROL_CHARACTERS, ' ').trim().slice(0, LONGEST_CHARACTERS);
}

const LONGEST_CHARACTERS = 512; // ours: several lines of a terminal, more than PAP could carry
/** A shorter password is part of ordinary words, and blotting it out would tell it. */
const SHORTEST_BLOTTED = 4;
/** C0, DEL, C1, line and paragraph separators, and those that turn the direction of writing. */
const CONTROL_CHARACTERS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;
