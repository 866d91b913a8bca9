'use strict';
'require baseclass';

// Work that is done again every so many seconds, never twice at the same time.

const queue = [];
let tick = null;
let timer = null;

function step() {
  for (const entry of queue.filter((one) => !one.busy && tick % one.interval === 0)) {
    entry.busy = true;
    Promise.resolve(entry.work()).finally(() => {
      entry.busy = false;
    });
  }
  tick += 1;
}

return baseclass.extend({
  add(work, interval) {
    const seconds = interval > 0 ? interval : L.env.pollinterval;
    if (Number.isNaN(+seconds) || typeof work !== 'function')
      throw new TypeError('poll.add() takes a function and seconds');
    if (queue.some((entry) => entry.work === work)) return false;
    queue.push({ work, interval: seconds >>> 0, busy: false });
    if (tick !== null && !this.active()) this.start();
    return true;
  },

  remove(work) {
    const at = queue.findIndex((entry) => entry.work === work);
    if (at < 0) return false;
    queue.splice(at, 1);
    // Out of work, but not paused: the next one starts it.
    if (queue.length === 0 && this.stop()) tick = 0;
    return true;
  },

  start() {
    if (this.active()) return false;
    tick = 0;
    if (queue.length > 0) {
      timer = setInterval(step, 1000);
      step();
      document.dispatchEvent(new CustomEvent('poll-start'));
    }
    return true;
  },

  stop() {
    if (!this.active()) return false;
    document.dispatchEvent(new CustomEvent('poll-stop'));
    clearInterval(timer);
    timer = null;
    tick = null;
    return true;
  },

  active: () => timer !== null,
});
