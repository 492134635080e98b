/** Where the page begins: what every screen needs, put around the routes. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter, RouterProvider } from "react-router";
import { ApiError } from "./api/client";
import { startFollowing, streamHasBegun } from "./api/live";
import { jobsQuery } from "./api/queries";
import { watchForReturn } from "./api/sign_in";
import { routes } from "./App";
import { isOfMissingPart, watchParts } from "./components/parts";
import { watchClicks } from "./components/second_click";
import { watchTheme } from "./components/theme";
import "./theme.css";

const MOST_RETRIES = 2;

const cache = new QueryClient({
  defaultOptions: {
    // A browser that thinks it is offline may be wrong; and nothing may be done later that was asked for now.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      // Events say what has changed; this is for what nobody tells of.
      staleTime: 30_000,
      // What the server has refused, it would refuse again.
      retry: (failures, fault) =>
        failures < MOST_RETRIES && !(fault instanceof ApiError && fault.status >= 400 && fault.status < 500),
    },
  },
});

watchTheme();
watchClicks();
watchParts();
watchForReturn();
startFollowing(cache);
// The home screen's list is long: it is under way while the page still asks who looks at it.
if (/^\/automation\/?$/.test(window.location.pathname)) {
  void streamHasBegun.then(() => cache.query(jobsQuery)).catch(() => undefined);
}
// Of the kinds of router only this one can hold a navigation up: components/unsaved.tsx.
const router = createBrowserRouter(routes, { basename: "/automation" });
const root = document.getElementById("root");
if (!root) throw new Error("the page has no root");
createRoot(root, {
  onCaughtError: (fault) => {
    if (!(fault instanceof ApiError || isOfMissingPart(fault))) console.error(fault); // those are shown, and no bugs
  },
}).render(
  <StrictMode>
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
