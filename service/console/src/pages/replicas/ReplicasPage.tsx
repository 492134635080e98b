import { Loading } from "../../components/Loading";
import { Page } from "../../components/Page";

export default function ReplicasPage() {
  return (
    <Page title="Replicas">
      <Loading what="Replicas" />
    </Page>
  );
}
