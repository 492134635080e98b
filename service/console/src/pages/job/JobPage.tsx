import { Loading } from "../../components/Loading";
import { Page } from "../../components/Page";

export default function JobPage() {
  return (
    <Page title="Job">
      <Loading what="Job" />
    </Page>
  );
}
