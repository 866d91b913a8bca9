'use strict';

// Classes, the loader of modules, and `L`: what LuCI's own luci.js gives to the modules that a page asks for.

(() => {
  const env = {};
  const loading = new Map();

  /** Which class the running method of an object belongs to, so that super() goes up from there. */
  const running = new WeakMap();
  let classes = 0;

  class Class {
    /** The member `key` of a class further up; called, when arguments (or a list of them) are given. */
    super(key, ...args) {
      const stack = running.get(this) ?? {};
      running.set(this, stack);
      let holder = stack[key]?.at(-1) ?? Object.getPrototypeOf(this);
      do holder = Object.getPrototypeOf(holder);
      while (holder && !Object.hasOwn(holder, key));
      if (!holder) return null;
      if (args.length === 0) return holder[key];
      if (typeof holder[key] !== 'function') throw new ReferenceError(`${key} is no function of a class further up`);
      const list = Array.isArray(args[0]) || isArguments(args[0]) ? args[0] : args;
      stack[key] ??= [];
      stack[key].push(holder);
      try {
        return holder[key].apply(this, list);
      } finally {
        stack[key].pop();
      }
    }
  }
  const isArguments = (value) => Object.prototype.toString.call(value) === '[object Arguments]';
  Object.defineProperty(Class.prototype, '__init__', { value() {}, writable: true });

  // A class made by extend() has these, too.
  Object.assign(Class, {
    extend(members) {
      const name = members.__name__ ?? `anonymous${++classes}`;
      function Made(...args) {
        if (!(this instanceof Made)) throw new TypeError('A class needs "new"');
        if (Object.hasOwn(Object.getPrototypeOf(this), '__init__')) this.__init__(...args);
        else this.super('__init__', args);
      }
      const described = Object.entries(members).map(([key, value]) => [key, { value, writable: true }]);
      Made.prototype = Object.create(this.prototype, Object.fromEntries(described));
      Object.defineProperties(Made.prototype, { constructor: { value: Made }, __name__: { value: name } });
      return Object.setPrototypeOf(Made, this);
    },

    instantiate(args) {
      return new this(...args);
    },

    isSubclass(other) {
      return typeof other === 'function' && other.prototype instanceof this;
    },
  });

  /** The directives 'require x as y' that a module starts with. */
  function requirementsOf(source) {
    const found = [];
    const token = /(?:\s|;|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*(['"])([^'"\n]*)\1/y;
    for (let match = token.exec(source); match; match = token.exec(source)) {
      const [, name, as] = /^require[ \t]+(\S+)(?:[ \t]+as[ \t]+([a-zA-Z_]\S*))?$/.exec(match[2]) ?? [];
      if (name) found.push({ name, as: as ?? name.replace(/[^a-zA-Z0-9_]/g, '_') });
      else if (!/^use\s+strict$/.test(match[2])) break;
    }
    return found;
  }

  async function load(L, name, from) {
    const version = env.resource_version ? `?v=${env.resource_version}` : '';
    const url = `${env.base_url}/${name.replaceAll('.', '/')}.js${version}`;
    const reply = await fetch(url);
    if (!reply.ok) L.raise('NetworkError', 'HTTP error %d for %s', reply.status, url);
    const source = await reply.text();
    const needs = requirementsOf(source);
    const given = await Promise.all(needs.map((need) => L.require(need.name, [name, ...from])));
    const names = needs.map((need) => need.as);
    const made = new Function('window', 'document', 'L', ...names, `${source}\n//# sourceURL=${url}`)(
      window,
      document,
      L,
      ...given,
    );
    if (!Class.isSubclass(made)) L.error('TypeError', 'Module %s returns no class', name);
    // Pages extend the view, nobody has an instance of it.
    const instance = name === 'view' ? made : new made();
    const path = name.split('.');
    const last = path.pop();
    const holder = path.reduce((at, part) => at?.[part], L);
    if (holder) holder[last] = instance;
    return instance;
  }

  class LuCI {
    constructor(given) {
      Object.assign(env, given);
      const script = document.querySelector('script[src*="/luci.js"]')?.getAttribute('src') ?? '';
      const [, base, version] = /^(.*)\/luci\.js(?:\?v=(.+))?$/.exec(script) ?? [];
      env.base_url ||= base;
      env.resource_version ??= version;
      env.cgi_base = env.scriptname.replace(/\/[^/]+$/, '');
      this.env = env;
      this.Class = Class;
      this.loaded = false;
      loading.set('baseclass', Class);
      this.started = this.start();
      this.started.catch((failure) => this.error(failure));
    }

    /** First the modules that the real luci.js has inside itself, then what every page has, then the page. */
    async start() {
      const ready = new Promise((resolve) => {
        if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', resolve);
        else resolve();
      });
      for (const name of ['dom', 'poll', 'request', 'view']) await this.require(name, ['luci']);
      Object.assign(this, { Poll: this.poll, Request: this.request });
      this.builtIn?.();
      await ready;
      const [rpc] = await Promise.all(['rpc', 'ui', 'form'].map((name) => this.require(name)));
      await rpc.chooseDoor();
      this.poll.start();
      this.loaded = true;
      document.dispatchEvent(new CustomEvent('luci-loaded'));
    }

    builtInReady = new Promise((resolve) => {
      this.builtIn = resolve;
    });

    async require(name, from = []) {
      if (from.includes(name))
        this.raise('DependencyError', 'Circular dependency: "%s" in "%s"', name, from.join('", "'));
      if (from.at(-1) !== 'luci') await this.builtInReady;
      if (!loading.has(name)) loading.set(name, load(this, name, from));
      return loading.get(name);
    }

    raise(type, text, ...values) {
      const words = text ? text.format(...values) : null;
      if (type instanceof Error) {
        if (words) type.message = `${words}: ${type.message}`;
        throw type;
      }
      const failure = new (window[type] ?? Error)(words ?? 'Unspecified error');
      failure.name = type ?? 'Error';
      // As in LuCI the message goes on with where it was raised: who shows it to people takes its first line.
      failure.message += `\n${failure.stack.split('\n').slice(2).join('\n')}`;
      throw failure;
    }

    error(...args) {
      try {
        this.raise(...args);
      } catch (failure) {
        if (!failure.reported) this.ui?.addNotification(failure.name, E('pre', {}, [failure.message]), 'danger');
        failure.reported = true;
        throw failure;
      }
    }

    bind(method, self, ...args) {
      return method.bind(self, ...args);
    }

    path(prefix, parts) {
      const rest = parts.flat(9).filter((part) => /^\??[\w.%,;&=/-]+$/.test(part));
      return prefix + (rest.length ? rest.map((part) => (part.startsWith('?') ? part : `/${part}`)).join('') : '/');
    }

    url(...parts) {
      return this.path(env.scriptname, parts);
    }

    resource(...parts) {
      return this.path(env.resource, parts);
    }

    isObject(value) {
      return value != null && typeof value === 'object';
    }

    naturalCompare = new Intl.Collator(undefined, { numeric: true }).compare;

    toArray(value) {
      if (value == null) return [];
      if (typeof value === 'object') return Array.isArray(value) ? value : [value];
      return String(value)
        .split(/\s+/)
        .filter((word) => word !== '');
    }

    resolveDefault(value, otherwise) {
      return Promise.resolve(value).catch(() => otherwise);
    }

    hasViewPermission() {
      return env.nodespec?.satisfied ? !env.nodespec.readonly : null;
    }
  }

  window.LuCI = LuCI;
})();
