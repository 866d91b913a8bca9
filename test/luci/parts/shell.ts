/** The page around a view, as LuCI's templates and its bootstrap theme make it: what luci.js wants to find, and the frame that one sees. */
import type { Session } from '../router.ts';
import type { Place } from './menu.ts';

export type Theme = 'bootstrap' | 'bootstrap-dark' | 'bootstrap-light';

export interface Shell {
  readonly place: Place;
  readonly session: Session;
  readonly theme: Theme;
  readonly lang: string;
}

export const SCRIPT = '/cgi-bin/luci';
const MEDIA = '/luci-static/bootstrap';
const RESOURCE = '/luci-static/resources';

/** Without a forced mode the theme follows the browser. */
const FOLLOW_MEDIA = `<script>
  (() => {
    const query = window.matchMedia('(prefers-color-scheme: dark)');
    const follow = ({ matches }) => document.documentElement.setAttribute('data-darkmode', matches);
    query.addEventListener('change', follow);
    follow(query);
  })();
</script>`;

export function shellOf({ place, session, theme, lang }: Shell): string {
  const { node, path } = place;
  const forced = { bootstrap: undefined, 'bootstrap-dark': 'true', 'bootstrap-light': 'false' }[theme];
  const view = String(node.action?.path ?? '');
  return `<!DOCTYPE html>
<html lang="${lang}"${forced === undefined ? '' : ` data-darkmode="${forced}"`}>
<head>
  <meta charset="utf-8">
  <title>OpenWrt | ${node.title ?? ''}</title>
  ${forced === undefined ? FOLLOW_MEDIA : ''}
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="${MEDIA}/cascade.css">
  <link rel="stylesheet" media="only screen and (max-device-width: 854px)" href="${MEDIA}/mobile.css">
  <link rel="icon" href="${MEDIA}/logo.svg" sizes="any">
  ${node.css === undefined ? '' : `<link rel="stylesheet" href="${RESOURCE}/${node.css}">`}
  <script src="${SCRIPT}/admin/translations/${lang}"></script>
  <script src="${RESOURCE}/cbi.js"></script>
</head>
<body class="lang_${lang}" data-page="${path.join('-')}">
  <header>
    <a class="brand" href="/">OpenWrt</a>
    <ul class="nav" id="topmenu" style="display:none"></ul>
    <div id="indicators" class="pull-right"></div>
  </header>
  <div id="maincontent" class="container">
    <div id="tabmenu" style="display:none"></div>
    <script src="${RESOURCE}/luci.js?v=bench"></script>
    <script>L = new LuCI(${scriptSafe(environment(place, session))});</script>
    <div id="view">
      <div class="spinning">Loading view…</div>
      <script>L.require('ui').then((ui) => ui.instantiateView('${view}'));</script>
    </div>
  </div>
  <footer>
    <span>LuCI</span>
    <ul class="breadcrumb pull-right" id="modemenu" style="display:none"></ul>
  </footer>
  <script>L.require('menu-bootstrap');</script>
</body>
</html>
`;
}

const environment = ({ node, path }: Place, { id, token }: Session): object => ({
  media: MEDIA,
  resource: RESOURCE,
  scriptname: SCRIPT,
  pathinfo: `/${path.join('/')}`,
  documentroot: '/www',
  requestpath: path,
  dispatchpath: path,
  pollinterval: 5,
  ubuspath: '/ubus/',
  sessionid: id,
  token,
  nodespec: node,
  apply_rollback: 90,
  apply_holdoff: 1,
  apply_timeout: 5,
  apply_display: 1.5,
  rollback_token: null,
});

const scriptSafe = (value: object): string => JSON.stringify(value).replaceAll('/', '\\/');
