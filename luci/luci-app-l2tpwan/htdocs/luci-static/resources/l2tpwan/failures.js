'use strict';
'require baseclass';

/* Every way a connection can end badly, in words: what it means, and what to do. */

const REDIALLED = _('It is dialled anew.');
const OTHER_SERVER = _('Try another server, or wait: this one is overloaded or out of order.');

// biome-ignore format: a table
const FAILURE = {
  // reaching a server
  'resolve-failed':        [_('The name of the server could not be resolved'),            _('Check the name and the name servers of the uplink, or give an address instead.')],
  'no-route':              [_('There is no route to the server outside the tunnel'),      _('Check that the uplink is up, is the right one, and has a default route.')],
  'no-answer':             [_('The server did not answer'),                               _('Check its address, and whether something blocks UDP port 1701. It may be down.')],
  'uplink-changed':        [_('The way to the server changed'),                           REDIALLED],
  // the tunnel
  'tunnel-silent':         [_('The server never answered the request for a tunnel'),      OTHER_SERVER],
  'tunnel-refused':        [_('The server refused the tunnel'),                           _('It may expect another host name, or only know certain addresses.')],
  'tunnel-busy':           [_('The server has no room for another tunnel'),               _('Wait. After a power failure it may still count the old one.')],
  'tunnel-secret-needed':  [_('The server wants a tunnel secret, and none is set'),       _('Set the tunnel secret; it is not the password.')],
  'tunnel-secret-refused': [_('The server did not accept the tunnel secret'),             _('Correct the tunnel secret; it is not the password.')],
  'tunnel-secret-wrong':   [_('The server does not know the tunnel secret'),              _('Correct the tunnel secret, or leave it empty.')],
  'tunnel-closed':         [_('The server closed the tunnel'),                            REDIALLED],
  'control-lost':          [_('The server stopped acknowledging control messages'),       REDIALLED],
  'version-unsupported':   [_('The server does not speak L2TP version 2'),                _('Use another server: there is no L2TPv3 here.')],
  'malformed-message':     [_('The server sent a message that cannot be read'),           _('Report it, with the log at level debug.')],
  'unknown-mandatory':     [_('The server demands an unknown extension of L2TP'),         _('Try to tolerate unknown AVPs, in the advanced settings.')],
  'unexpected-message':    [_('The server sent a message that does not belong there'),    REDIALLED],
  // the call
  'call-silent':           [_('The server never answered the request for a call'),        OTHER_SERVER],
  'call-refused':          [_('The server refused the call'),                             _('See what it said.')],
  'call-busy':             [_('The server has no room for another call'),                 _('Wait. Or the account is used elsewhere.')],
  'call-closed':           [_('The server closed the call'),                              _('There may be a time limit, or a second login. It is dialled anew.')],
  // PPP
  'lcp-silent':            [_('The server took the call and does not speak PPP'),         OTHER_SERVER],
  'lcp-failed':            [_('There is no agreement about the PPP link'),                _('See the negotiated options. A smaller MTU may help.')],
  'looped-back':           [_('Our own packets come back to us'),                         _('Something on the way reflects them. Check the address of the server.')],
  'auth-method-refused':   [_('The server insists on an authentication that is not allowed here'), _('Allow that method, in the advanced settings.')],
  'auth-rejected':         [_('The server did not accept user name or password'),         _('Correct the user name and the password.')],
  'auth-silent':           [_('The server did not finish the authentication'),            _('Wait: its user database may be down.')],
  'peer-not-trusted':      [_('The server could not prove that it knows the password'),   _('It is not the server you mean, or the password is of another account.')],
  'encryption-required':   [_('The server insists on encryption (MPPE)'),                 _('It has to allow connections without: there is no MPPE here.')],
  'no-address':            [_('The server gave no IP address'),                           _('Ask whoever runs it: its addresses may have run out.')],
  'ppp-terminated':        [_('The server ended the PPP link'),                           REDIALLED],
  'echo-lost':             [_('The server answers no echo and sends no data'),            _('It is dialled anew. If the line is well, allow for more lost echoes.')],
  // this router
  'device-failed':         [_('The tunnel device could not be made, or was lost'),        _('Check that kmod-tun is installed.')],
  'port-in-use':           [_('The UDP port is taken by another program'),                _('Set the source port to 0, or stop that program; xl2tpd?')],
  'network-failed':        [_('The network of this router could not be configured'),      _('The particulars say which command failed.')],
  'internal-error':        [_('l2tpwan made a mistake'),                                  _('Report it, with the log.')],
  // before anything is dialled
  'wrong-settings':        [_('An option of this interface cannot work'),                 _('Correct the option that is named.')],
  'unknown-option':        [_('An option of this interface is unknown, and not used'),    _('Correct its name, or remove it.')],
  'no-daemon':             [_('The l2tpwan service did not answer'),                      _('See VPN, L2TP, Status.')],
  'settings-not-written':  [_('The settings could not be handed to the service'),         _('Is /tmp full? Names of interfaces take letters, digits and underscores.')],
};

const FAULT = {
  network: _('the network'),
  peer: _('the server'),
  user: _('the settings'),
  host: _('this router'),
};

return baseclass.extend({
  /** What it means; a daemon that is newer than this page may know further codes, and says itself what they mean. */
  words: ({ code, words }) => FAILURE[code]?.[0] ?? words,
  cure: ({ code }) => FAILURE[code]?.[1] ?? '',
  fault: ({ fault }) => FAULT[fault] ?? fault,

  /** Every code as netifd has it (`AUTH_REJECTED`), with what LuCI is to show for it. */
  netifd: () =>
    Object.entries(FAILURE).map(([code, [words, cure]]) => [
      code.toUpperCase().replaceAll('-', '_'),
      _('%s. %s').format(words, cure),
    ]),
});
