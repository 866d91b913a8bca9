/**
 * Preloaded into the daemon: how long its event loop keeps timers waiting. SIGUSR2 begins a measurement; another one ends it and
 * writes it down in lag.json beside this file: milliseconds, beyond the interval at which is looked.
 */
const { renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { monitorEventLoopDelay } = require('node:perf_hooks');

const INTERVAL_MS = 1; // the least that there is
const histogram = monitorEventLoopDelay({ resolution: INTERVAL_MS });
const file = join(__dirname, 'lag.json');
let runs = false;

process.on('SIGUSR2', () => {
  if (runs) {
    histogram.disable();
    // What is recorded is the time from one look to the next.
    const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - INTERVAL_MS);
    const found = {
      p50: late(histogram.percentile(50)),
      p99: late(histogram.percentile(99)),
      max: late(histogram.max),
    };
    writeFileSync(`${file}.new`, JSON.stringify({ ...found, looks: histogram.count }));
    renameSync(`${file}.new`, file);
  } else {
    histogram.reset();
    histogram.enable();
  }
  runs = !runs;
});
