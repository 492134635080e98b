import { Loading } from "../../components/Loading";
import { Page } from "../../components/Page";

export default function ChangesPage() {
  return (
    <Page title="Changes">
      <Loading what="Changes" />
    </Page>
  );
}
