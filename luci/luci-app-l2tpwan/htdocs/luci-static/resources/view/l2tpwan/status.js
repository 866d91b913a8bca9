'use strict';
'require view';
'require poll';
'require l2tpwan.api as api';
'require l2tpwan.board as boards';
'require l2tpwan.details as details';
'require l2tpwan.parts as parts';
'require l2tpwan.service as service';

/* VPN, L2TP, Status: how every connection is, live while somebody looks; or why that cannot be told. */

const POLL_SECONDS = 2;
/** Another look is not due before, ms. */
const FRESH_MS = 500;
/** Such a wait for an answer is worth telling, ms. */
const SLOW_MS = 6000;

function statusPage() {
  const mayAct = L.hasViewPermission() === true;
  const board = boards.board(mayAct, look, tick);
  const notice = service.notice(mayAct ? take : null);
  const version = E('p', { class: 'l2w-dim l2w-version' });
  const node = parts.box('page', [
    E('h2', [_('L2TP connections')]),
    version,
    ...(mayAct
      ? []
      : [E('p', { class: 'l2w-read-only' }, [_('Your account may look at connections, but not act on them.')])]),
    notice.node,
    ...board.nodes,
  ]);
  /** On the page's own clock: when the last data came, when the last answer of any kind, and since when answers are waited for. */
  let dataAt = null;
  let answeredAt = performance.now();
  let resumedAt = answeredAt;
  let condition = null;
  let asking = null;

  function show(answer) {
    answeredAt = performance.now();
    condition = answer.condition ?? null;
    if (answer.status) {
      dataAt = answeredAt;
      board.show(answer.status, dataAt);
    }
    tick();
  }

  /** Whoever asks while an answer is under way gets that one. */
  function look() {
    asking ??= api
      .look()
      .then((answer) => {
        show(answer);
        if (answer.status) board.ask();
      })
      .finally(() => {
        asking = null;
      });
    return asking;
  }

  async function take(steps) {
    try {
      for (const step of steps) await api[step]();
      await look();
    } catch (error) {
      details.tell(error.message);
    }
  }

  /** What is to be said on top of the page now. */
  function matter(now) {
    if (condition !== null) return condition;
    if (now - Math.max(answeredAt, resumedAt) > SLOW_MS) return { kind: poll.active() ? 'slow' : 'paused' };
    return board.condition;
  }

  function tick() {
    const now = performance.now();
    const what = matter(now);
    const isStale = dataAt !== null && what !== null && board.condition === null;
    notice.update(what);
    notice.tick(isStale ? now - dataAt : null);
    node.classList.toggle('l2w-stale', isStale);
    if (dataAt === null) return;
    // What is known no more stands still.
    const at = isStale ? dataAt : now;
    board.tick(at);
    parts.put(version, board.words(at));
  }

  const isSeen = () => document.visibilityState === 'visible';

  const refresh = () => (performance.now() - answeredAt < FRESH_MS ? null : look());

  let clock;

  /** Only while somebody looks. */
  function watch() {
    if (isSeen()) {
      resumedAt = performance.now();
      poll.add(refresh, POLL_SECONDS);
      clock ??= setInterval(tick, 1000);
    } else {
      poll.remove(refresh);
      clearInterval(clock);
      clock = undefined;
    }
  }

  return {
    node,
    begin(answer) {
      show(answer);
      if (answer.status) setTimeout(board.ask, 0); // once the page is painted
      watch();
      document.addEventListener('visibilitychange', () => {
        watch();
        if (isSeen()) refresh();
      });
    },
  };
}

return view.extend({
  load: () => Promise.all([api.look(), parts.sheet()]),

  render([answer]) {
    const page = statusPage();
    page.begin(answer);
    return page.node;
  },

  handleSaveApply: null,
  handleSave: null,
  handleReset: null,
});
