/** The screen of the audit: every change of every job, whoever made it, and through what. */
import { useSearchParams } from "react-router";
import { Button } from "../../components/Button";
import { ChangeList } from "../../components/changes/ChangeList";
import { Empty } from "../../components/Empty";
import { Card, Page } from "../../components/Page";
import { ChangeFilters } from "./ChangeFilters";
import { filterOf } from "./filters";

export default function ChangesPage() {
  const [parameters, setParameters] = useSearchParams();
  const filter = filterOf(parameters);
  const isFiltered = Object.keys(filter).length > 0;
  const empty = isFiltered ? (
    <Empty title="No change is like that.">
      <Button onPress={() => setParameters({})}>Show all changes</Button>
    </Empty>
  ) : (
    <Empty title="Nothing has been changed yet.">
      Whoever changes a job, here, over HTTP or in psql, stands here with what it was before.
    </Empty>
  );
  return (
    <Page title="Changes" about="Who changed which job, when and through what; newest first.">
      <ChangeFilters />
      <Card>
        <ChangeList filter={filter} empty={empty} />
      </Card>
    </Page>
  );
}
