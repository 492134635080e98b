import { Loading } from "../../components/Loading";
import { Page } from "../../components/Page";

export default function ExecutionPage() {
  return (
    <Page title="Execution">
      <Loading what="Execution" />
    </Page>
  );
}
