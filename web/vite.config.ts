import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const KITH = process.env.KITH_URL ?? "http://127.0.0.1:8000"; // whom `npm run dev` asks

/** Django serves `dist/web/` at /static/web/ and `dist/index.html` at /: see `project/page.py`. */
export default defineConfig(({ command }) => ({
  base: command === "build" ? "/static/" : "/",
  plugins: [react()],
  resolve: {
    alias: [
      { find: /^kith-client$/, replacement: here("../client/src/index.ts") },
      { find: /^kith-client\/react$/, replacement: here("../client/src/react/index.ts") },
    ],
    // The client's sources import React, and there must be one.
    dedupe: ["react", "react-dom"],
  },
  build: {
    assetsDir: "web",
    assetsInlineLimit: 0, // the page's policy allows no data: URLs but for images
    target: "es2023",
  },
  server: {
    proxy: {
      "/api": KITH,
      "/upload": KITH,
      "/ws": { target: KITH, ws: true },
    },
  },
}));
