'use strict';
'require baseclass';

// HTTP requests and what came back.

return baseclass.extend({
  async request(url, { method = 'GET', query = {}, content, timeout } = {}) {
    const search = new URLSearchParams({ ...query, [Date.now()]: '' });
    const started = Date.now();
    try {
      const response = await fetch(`${url}?${search}`, {
        method: method.toUpperCase(),
        headers: content ? { 'Content-Type': 'application/json' } : {},
        body: content && JSON.stringify(content),
        signal: timeout && AbortSignal.timeout(timeout),
      });
      const { ok, status, statusText } = response;
      const text = await response.text();
      return { ok, status, statusText, text: () => text, json: () => JSON.parse(text) };
    } catch {
      const isLate = timeout && Date.now() - started >= timeout;
      throw new Error(isLate ? 'XHR request timed out' : 'XHR request aborted by browser');
    }
  },

  get(url) {
    return this.request(url);
  },

  post(url, content, options) {
    return this.request(url, { method: 'POST', content, ...options });
  },
});
