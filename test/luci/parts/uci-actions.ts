/** What LuCI's own dialogs of "Save & Apply" and "Revert" post: staged changes written, confirmed, or given up. */
import type { Router, Session } from '../router.ts';
import type { Reply } from '../server.ts';
import { Refused, UBUS, type UbusCode } from './values.ts';

/** What a code of ubus is in HTTP; all others are 500. */
const HTTP_STATUS: Partial<Record<UbusCode, number>> = {
  [UBUS.ok]: 200,
  [UBUS.notFound]: 404,
  [UBUS.noData]: 204,
  [UBUS.permissionDenied]: 403,
};

export class UciActions {
  readonly #router: Router;
  /** Of the configuration that was applied and waits to be confirmed. */
  #token: string | undefined;

  constructor(router: Router) {
    this.#router = router;
  }

  /** @param path `admin/uci/…` */
  reply(path: string, query: URLSearchParams, session: Session | undefined): Reply {
    try {
      const token = this.#act(path.split('/').at(-1) ?? '', query, session);
      return token === undefined ? told(UBUS.ok) : { ...told(UBUS.ok), body: JSON.stringify({ token }) };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return told(error.code);
    }
  }

  /** @returns what the confirmation has to name */
  #act(action: string, query: URLSearchParams, session: Session | undefined): string | undefined {
    const { uci, applied } = this.#router;
    if (action === 'confirm') {
      if (query.get('token') !== this.#token) throw new Refused(UBUS.permissionDenied);
      uci.confirm();
      return undefined;
    }
    if (session === undefined) throw new Refused(UBUS.permissionDenied);
    const configs = Object.keys(uci.changes(session.id));
    const isAllowed = (config: string) => session.grants.allows('uci', config, 'write');
    if (!configs.every(isAllowed)) throw new Refused(UBUS.permissionDenied);
    if (action === 'revert') for (const config of configs) uci.revert(session.id, config);
    if (!action.startsWith('apply')) return undefined;
    const isChecked = action === 'apply_rollback';
    applied.push(uci.apply(session.id, isChecked));
    if (!isChecked) throw new Refused(UBUS.noData); // committed file by file, nothing is left to apply
    this.#token = `r${session.token}`;
    return this.#token;
  }
}

function told(code: UbusCode): Reply {
  const status = HTTP_STATUS[code] ?? 500;
  return { status, type: 'application/json', body: '' };
}
