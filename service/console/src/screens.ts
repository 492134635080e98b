/** The screens that are loaded when they are needed, or when somebody is about to go there. */
export const screens = {
  timeline: () => import("./pages/timeline/TimelinePage"),
  job: () => import("./pages/job/JobPage"),
  execution: () => import("./pages/execution/ExecutionPage"),
  replicas: () => import("./pages/replicas/ReplicasPage"),
  changes: () => import("./pages/changes/ChangesPage"),
};
