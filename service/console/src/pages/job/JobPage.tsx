/** The screen of one job: what it does next, what it did, why, and who changed it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "react-router";
import { jobIfAnyQuery, keys } from "../../api/queries";
import { Failure } from "../../components/Failure";
import { Loading } from "../../components/Loading";
import { Card, Page } from "../../components/Page";
import { useEndOfPause } from "../../components/pause_end";
import { DeletedJob } from "./DeletedJob";
import { DurationChart } from "./DurationChart";
import { JobActions } from "./JobActions";
import { JobHead } from "./JobHead";
import styles from "./JobPage.module.css";
import { JobTabs } from "./JobTabs";
import { NextFires } from "./NextFires";

export default function JobPage() {
  const { jobId = "" } = useParams();
  const { data: job, error, isPending, refetch } = useQuery(jobIfAnyQuery(jobId));
  const cache = useQueryClient();
  useEndOfPause(
    job?.pausedBy === "JOB" ? job.pausedUntil : null,
    () => void cache.invalidateQueries({ queryKey: keys.job(jobId) }),
  );
  if (isPending) {
    return (
      <Page title={jobId}>
        <Loading what="the job" />
      </Page>
    );
  }
  if (job === null) return <DeletedJob jobId={jobId} />;
  if (!job) {
    return (
      <Page title={jobId}>
        <Failure fault={error} what="the job" onRetry={() => void refetch()} />
      </Page>
    );
  }
  return (
    <Page
      title={job.displayName}
      heading={<bdi>{job.displayName}</bdi>}
      about={<JobHead job={job} />}
      actions={<JobActions job={job} />}
    >
      <div className={styles["columns"]}>
        <Card title="Next fires">
          <NextFires job={job} />
        </Card>
        <Card title="Durations and rows of the last executions">
          <DurationChart jobId={jobId} />
        </Card>
      </div>
      <JobTabs job={job} />
    </Page>
  );
}
