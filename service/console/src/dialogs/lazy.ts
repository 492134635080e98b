/** The dialogs, each loaded when it is first needed. */
import { lazy } from "react";

export const RunDialog = lazy(() => import("./run/RunDialog"));
export const ScheduleDialog = lazy(() => import("./schedule/ScheduleDialog"));
export const SettingsDialog = lazy(() => import("./settings/SettingsDialog"));
export const PauseDialog = lazy(() => import("./pause/PauseDialog"));
export const DeleteDialog = lazy(() => import("./delete/DeleteDialog"));
export const CreateDialog = lazy(() => import("./create/CreateDialog"));
