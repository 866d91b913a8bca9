// Counts one vitest JSON report: prints "PASSED FAILED SKIPPED", and on stderr what failed, with the first lines of
// why, and what was skipped.
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

const LINES_OF_A_REASON = 12;
const ELSEWHERE = /^ *at .*(node_modules|new Promise|node:internal)/;

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const tests = testResults.flatMap((file) => file.assertionResults);
const passed = tests.filter(({ status }) => status === 'passed');
const failed = tests.filter(({ status }) => status === 'failed');
const skipped = tests.filter((test) => !passed.includes(test) && !failed.includes(test));

// A file that cannot be loaded, or whose set-up fails, has failed although none of its tests did.
const broken = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
);

const told = (name, reasons) =>
  stripVTControlCharacters(reasons.join('\n'))
    .split('\n')
    .filter((line) => line.trim() !== '' && !ELSEWHERE.test(line))
    .slice(0, LINES_OF_A_REASON)
    .reduce((text, line) => `${text}\n    ${line}`, `failed ${name}`);

for (const { name, message } of broken) console.error(told(name, [message]));
for (const { fullName, failureMessages } of failed) console.error(told(fullName, failureMessages));
for (const { fullName } of skipped) console.error(`skipped ${fullName}`);
console.log(passed.length, failed.length + broken.length, skipped.length);
