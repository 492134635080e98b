import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `npm run dev` serves the page with hot reload beside a replica that runs on this address.
const replica = process.env["CRONSOLE_ADDRESS"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/automation/",
  plugins: [react()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the Content-Security-Policy allows files of our own, and nothing inline
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/v1": replica, "/signin": replica, "/signout": replica },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
