'use strict';
'require baseclass';

/* What each stage of a connection is called, and how it looks. */

// biome-ignore format: a table
const STAGE = {
  idle:           { tone: 'off',  words: _('Not connected') },
  waiting:        { tone: 'bad',  words: _('Waiting for the next attempt') },
  resolving:      { tone: 'busy', words: _('Looking up the servers') },
  preparing:      { tone: 'busy', words: _('Looking for the way to %s') },
  tunnel:         { tone: 'busy', words: _('Dialling %s') },
  session:        { tone: 'busy', words: _('Opening the call') },
  link:           { tone: 'busy', words: _('Negotiating the PPP link') },
  authentication: { tone: 'busy', words: _('Authenticating') },
  network:        { tone: 'busy', words: _('Negotiating addresses') },
  configuring:    { tone: 'busy', words: _('Configuring device and routes') },
  up:             { tone: 'good', words: _('Connected') },
  'hanging-up':   { tone: 'busy', words: _('Hanging up') },
};

/** A daemon that is newer than this page may know further stages: their names are shown. */
const of = (stage) => STAGE[stage] ?? { tone: 'busy', words: stage };

return baseclass.extend({
  STAGE,

  /** good, busy, bad or off */
  tone(connection) {
    if (connection.state === 'idle' && connection.enabled) return 'busy';
    return of(connection.state).tone;
  },

  /** @param server what to call the server that is being dialled */
  words(connection, server) {
    if (connection.state === 'idle' && connection.enabled) return _('About to dial');
    return of(connection.state).words.format(server ?? _('the server'));
  },

  /** Where a failure was. */
  during: (stage) => _('at “%s”').format(of(stage).words.format(_('the server'))),
});
