import { describe, expect, it } from 'vitest';
import { shownText } from './shown-text.ts';

describe('shownText', () => {
  it.each([
    ['Access granted', 'Access granted'],
    ['  Willkommen, Jörg 😀\r\n', 'Willkommen, Jörg 😀'],
    ['two\r\nlines', 'two lines'],
    ['\u001b]0;title\u0007red', ']0;title red'],
    ['right\u202eleft', 'right left'],
    ['NUL\u0000', 'NUL'],
    ['', ''],
  ])('of %j is %j', (text, shown) => {
    expect(shownText(text, 's3cret')).toBe(shown);
  });

  it('blots the password out, every time', () => {
    expect(shownText('s3cret? not s3cret!', 's3cret')).toBe('***? not ***!');
  });

  it('takes a password for what it is, not for a pattern', () => {
    expect(shownText('a.*c$& abcd', 'a.*c$&')).toBe('*** abcd');
  });

  it('leaves words alone that hold a very short password', () => {
    expect(shownText('Access denied', 'den')).toBe('Access denied');
    expect(shownText('Access denied', '')).toBe('Access denied');
  });

  it('comes to an end', () => {
    expect(shownText('x'.repeat(70_000), 's3cret')).toHaveLength(512);
  });
});
