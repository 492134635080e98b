import { Loading } from "../../components/Loading";
import { Page } from "../../components/Page";

export function JobsPage() {
  return (
    <Page title="Jobs">
      <Loading what="Jobs" />
    </Page>
  );
}
