/** The screen of a job that there is not, or not any more: what is on record of it. */
import { ChangeList } from "../../components/changes/ChangeList";
import { Empty } from "../../components/Empty";
import { Link } from "../../components/Link";
import { Card, Page } from "../../components/Page";
import { Executions } from "./Executions";

export function DeletedJob({ jobId }: { jobId: string }) {
  const nothing = (
    <Empty title="Nothing is on record of it.">
      <Link to="/">All jobs</Link>
    </Empty>
  );
  return (
    <Page
      title={jobId}
      heading={<bdi>{jobId}</bdi>}
      about="There is no such job now. What is on record of it stays."
    >
      <Card title="Executions">
        <Executions jobId={jobId} zone="UTC" />
      </Card>
      <Card title="Changes">
        <ChangeList filter={{ jobId }} isOfOneJob empty={nothing} />
      </Card>
    </Page>
  );
}
