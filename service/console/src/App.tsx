/** The routes: which screen an address shows; all but the home screen are loaded when they are needed. */
import { lazy, Suspense } from "react";
import { I18nProvider, RouterProvider } from "react-aria-components";
import { Route, Routes, useHref, useNavigate } from "react-router";
import { LiveContext, useLiveConnection } from "./api/live";
import { ErrorBoundary } from "./components/ErrorBoundary";
import { Loading } from "./components/Loading";
import { NotFound } from "./components/NotFound";
import { Shell } from "./components/Shell";
import { ToastRegion } from "./components/Toasts";
import { JobsPage } from "./pages/jobs/JobsPage";

const TimelinePage = lazy(() => import("./pages/timeline/TimelinePage"));
const JobPage = lazy(() => import("./pages/job/JobPage"));
const ExecutionPage = lazy(() => import("./pages/execution/ExecutionPage"));
const ReplicasPage = lazy(() => import("./pages/replicas/ReplicasPage"));
const ChangesPage = lazy(() => import("./pages/changes/ChangesPage"));

export function App() {
  const navigate = useNavigate();
  const live = useLiveConnection();
  return (
    <I18nProvider locale="en-GB">
      <RouterProvider navigate={(path) => void navigate(path)} useHref={useHref}>
        <LiveContext value={live}>
          <ErrorBoundary>
            <Suspense fallback={<Loading what="the console" />}>
              <Shell>
                <Suspense fallback={<Loading what="the screen" />}>
                  <Routes>
                    <Route index element={<JobsPage />} />
                    <Route path="timeline" element={<TimelinePage />} />
                    <Route path="jobs/:jobId" element={<JobPage />} />
                    <Route path="executions/:executionId" element={<ExecutionPage />} />
                    <Route path="replicas" element={<ReplicasPage />} />
                    <Route path="changes" element={<ChangesPage />} />
                    <Route path="*" element={<NotFound />} />
                  </Routes>
                </Suspense>
              </Shell>
            </Suspense>
          </ErrorBoundary>
          <ToastRegion />
        </LiveContext>
      </RouterProvider>
    </I18nProvider>
  );
}
