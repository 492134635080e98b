/** The routes: which screen an address shows; all but the home screen are loaded when they are needed. */
import { lazy, Suspense } from "react";
import { I18nProvider, RouterProvider } from "react-aria-components";
import { Outlet, useHref, useNavigate, type RouteObject } from "react-router";
import { ErrorBoundary } from "./components/ErrorBoundary";
import { isOutside } from "./components/Link";
import { Loading } from "./components/Loading";
import { NotFound } from "./components/NotFound";
import { Shell } from "./components/Shell";
import { ToastRegion } from "./components/Toasts";
import { JobsPage } from "./pages/jobs/JobsPage";
import { screens } from "./screens";

const TimelinePage = lazy(screens.timeline);
const JobPage = lazy(screens.job);
const ExecutionPage = lazy(screens.execution);
const ReplicasPage = lazy(screens.replicas);
const ChangesPage = lazy(screens.changes);

export const routes: RouteObject[] = [
  {
    element: <App />,
    children: [
      { index: true, element: <JobsPage /> },
      { path: "timeline", element: <TimelinePage /> },
      { path: "jobs/:jobId", element: <JobPage /> },
      { path: "executions/:executionId", element: <ExecutionPage /> },
      { path: "replicas", element: <ReplicasPage /> },
      { path: "changes", element: <ChangesPage /> },
      { path: "*", element: <NotFound /> },
    ],
  },
];

function App() {
  const navigate = useNavigate();
  return (
    <I18nProvider locale="en-GB">
      <RouterProvider navigate={(path) => void navigate(path)} useHref={useHrefOf}>
        <ErrorBoundary>
          <Suspense fallback={<Loading what="the console" />}>
            <Shell>
              <ErrorBoundary>
                <Suspense fallback={<Loading what="the screen" />}>
                  <Outlet />
                </Suspense>
              </ErrorBoundary>
            </Shell>
          </Suspense>
        </ErrorBoundary>
        <ToastRegion />
      </RouterProvider>
    </I18nProvider>
  );
}

/** What stands in the browser's address bar for an address of the console; whole addresses are what they are. */
function useHrefOf(address: string): string {
  const inside = useHref(isOutside(address) ? "/" : address);
  return isOutside(address) ? address : inside;
}
