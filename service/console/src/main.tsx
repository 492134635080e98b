/** Where the page begins: what every screen needs, put around the routes. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { ApiError } from "./api/client";
import { jobsQuery } from "./api/queries";
import { App } from "./App";
import { applyTheme } from "./components/theme";
import "./theme.css";

const MOST_RETRIES = 2;

const cache = new QueryClient({
  defaultOptions: {
    queries: {
      // Events say what has changed; this is for what nobody tells of.
      staleTime: 30_000,
      // What the server has refused, it would refuse again.
      retry: (failures, fault) =>
        failures < MOST_RETRIES && !(fault instanceof ApiError && fault.status >= 400 && fault.status < 500),
    },
  },
});

applyTheme();
// The home screen's list is long: it is under way while the page still asks who looks at it.
if (/^\/automation\/?$/.test(window.location.pathname)) cache.query(jobsQuery).catch(() => undefined);
const root = document.getElementById("root");
if (!root) throw new Error("the page has no root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={cache}>
      <BrowserRouter basename="/automation">
        <App />
      </BrowserRouter>
    </QueryClientProvider>
  </StrictMode>,
);
