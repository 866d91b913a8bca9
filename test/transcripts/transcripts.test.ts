import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runTranscript } from '../support/transcript.ts';

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.txt'));

describe('transcripts', () => {
  for (const file of files)
    it(file.replace('.txt', ''), () => runTranscript(readFileSync(join(import.meta.dirname, file), 'utf8')));

  it('fail when we say something that is not in them', () => {
    expect(() => runTranscript('do connect')).toThrow('SCCRQ');
    expect(() => runTranscript('do connect\nat 0.000 -> HELLO')).toThrow('we sent: SCCRQ');
    expect(() => runTranscript('do connect\nat 0.500 -> SCCRQ')).toThrow('we sent at 0: SCCRQ');
  });
});
