/** The screen of an execution that is not on record, or not any more. */
import { useQuery } from "@tanstack/react-query";
import { jobsQuery } from "../../api/queries";
import { Empty } from "../../components/Empty";
import { JobLink, Link } from "../../components/Link";
import { Card, Page } from "../../components/Page";

export function MissingExecution({ executionId }: { executionId: string }) {
  // A job remembers its last execution longer than the history does.
  const { data: jobs } = useQuery(jobsQuery);
  const job = jobs?.find(({ lastExecutionId }) => lastExecutionId === executionId);
  return (
    <Page title="Execution" about={<bdi>{executionId}</bdi>}>
      <Card>
        <Empty title="There is no such execution.">
          <p>It may have been pruned: history is kept for a while, or up to an amount, and then deleted.</p>
          {job && (
            <p>
              It was the last one of{" "}
              <JobLink jobId={job.name}>
                <bdi>{job.displayName}</bdi>
              </JobLink>
              .
            </p>
          )}
          <p>
            <Link to="/">All jobs</Link>
          </p>
        </Empty>
      </Card>
    </Page>
  );
}
