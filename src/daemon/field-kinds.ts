/** The kinds of fields that there are in the configuration file, each with the words for what is allowed. */
import * as z from 'zod/mini';
import { utf8Of } from '../wire/text.ts';

// What each helper is given as `allowed` ends the sentence "…, allowed: ". No field's default is checked again by zod.

export const text = (min: number, max: number, allowed = `text of ${min} to ${max} octets`) =>
  z.string(allowed).check(z.refine((value) => octets(value) >= min && octets(value) <= max, allowed));

export const matching = (allowed: string, fits: (value: string) => boolean) =>
  z.string(allowed).check(z.refine(fits, allowed));

export const whole = (min: number, max: number, unit = '') => {
  const allowed = `a whole number ${unit}from ${min} to ${max}`;
  return z.number(allowed).check(z.refine((value) => Number.isInteger(value) && value >= min && value <= max, allowed));
};

export const seconds = (min: number, max: number, allowed = `seconds from ${min} to ${max}`) =>
  z.number(allowed).check(z.refine((value) => value >= min && value <= max, allowed));

export const yesOrNo = z.boolean('true or false');

export const oneOf = <const Words extends readonly string[]>(words: Words) =>
  z.enum(words, `one of ${words.map((word) => `"${word}"`).join(', ')}`);

export const listOf = <Item extends z.core.$ZodType>(item: Item, what: string, min = 0) => {
  const allowed = `a list of ${what}${min > 0 ? `, at least ${min}` : ''}`;
  return z.array(item, allowed).check(z.refine((items) => items.length >= min, allowed));
};

export const absolutePath = matching('an absolute path', (path) => path.startsWith('/') && !path.includes('\0'));

export const octets = (value: string): number => utf8Of(value).length;
