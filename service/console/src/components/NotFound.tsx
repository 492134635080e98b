import { Empty } from "./Empty";
import { Link } from "./Link";
import { Page } from "./Page";

/** The screen of an address that there is not. */
export function NotFound() {
  return (
    <Page title="No such page">
      <Empty title="There is nothing at this address.">
        <Link to="/">All jobs</Link>
      </Empty>
    </Page>
  );
}
