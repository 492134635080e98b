/** The API's types under the words that the console uses; `schema.ts` is generated from /openapi.json. */
import type { components, paths } from "./schema";

type Schemas = components["schemas"];

export type Job = Schemas["JobJson"];
export type JobDetail = Schemas["JobDetailJson"];
export type JobRow = Schemas["JobRowJson"];
export type JobPatch = Schemas["JobPatch"];
export type JobCreation = Schemas["JobCreation"];
export type TriggerRequest = Schemas["TriggerRequest"];
export type Handler = Schemas["HandlerJson"];
export type Execution = Schemas["ExecutionJson"];
export type ExecutionDetail = Schemas["ExecutionDetailJson"];
export type Progress = Schemas["ProgressJson"];
export type Attempt = Schemas["AttemptJson"];
export type Fire = Schemas["FireJson"];
export type Change = Schemas["ChangeJson"];
export type FieldChange = Schemas["FieldChangeJson"];
export type LogEntry = Schemas["LogEntryJson"];
export type Preview = Schemas["PreviewJson"];
export type PreviewFire = Schemas["PreviewFire"];
export type Replica = Schemas["ReplicaJson"];
export type Finding = Schemas["FindingJson"];
export type Timeline = Schemas["TimelineJson"];
export type Lane = Schemas["LaneJson"];
export type LaneExecution = Schemas["LaneExecutionJson"];
export type InForce = Schemas["InForce"];
export type Problem = Schemas["Problem"];
export type Role = Schemas["Role"];

export type { paths };
