// Counts one vitest JSON report: prints "PASSED FAILED SKIPPED", and on stderr what was skipped.
import { readFileSync } from 'node:fs';

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const tests = testResults.flatMap((file) => file.assertionResults);
const passed = tests.filter(({ status }) => status === 'passed');
const failed = tests.filter(({ status }) => status === 'failed');
const skipped = tests.filter((test) => !passed.includes(test) && !failed.includes(test));

// A file that cannot be loaded, or whose set-up fails, has failed although none of its tests did.
const broken = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
);

for (const { fullName } of skipped) console.error(`skipped ${fullName}`);
console.log(passed.length, failed.length + broken.length, skipped.length);
