/** The one module of node-tuntap2 that is used: its compiled addon. The package's own type entry points to no file. */
declare module 'node-tuntap2/dist/src/ts/linux/Tuntap2Addon.js' {
  const addon: { readonly default: import('./tun.ts').TunAddon };
  export default addon;
}
