/** What bundlers such as Vite put in place of `import.meta.env`; elsewhere it is undefined. As Vite itself declares it. */
interface ImportMetaEnv {
  readonly VITE_WEBSOCKET_URL?: string;
  readonly VITE_WS_URL?: string;
}

interface ImportMeta {
  readonly env: ImportMetaEnv;
}
