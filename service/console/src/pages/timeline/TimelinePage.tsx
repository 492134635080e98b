import { Loading } from "../../components/Loading";
import { Page } from "../../components/Page";

export default function TimelinePage() {
  return (
    <Page title="Timeline">
      <Loading what="Timeline" />
    </Page>
  );
}
