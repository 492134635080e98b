/** What there is to know of a job beyond the first look; which part is shown stands in the address. */
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import type { ReactNode } from "react";
import { useSearchParams } from "react-router";
import type { JobDetail } from "../../api/types";
import { ChangeList } from "../../components/changes/ChangeList";
import { Empty } from "../../components/Empty";
import tabs from "../../components/tabs.module.css";
import { Commands } from "./Commands";
import { Executions } from "./Executions";
import { Fires } from "./Fires";
import { Settings } from "./Settings";

const NAMES = {
  executions: "Executions",
  fires: "Fires",
  changes: "Changes",
  settings: "Settings",
  commands: "Commands",
};
type Name = keyof typeof NAMES;

export function JobTabs({ job }: { job: JobDetail }) {
  const [parameters, setParameters] = useSearchParams();
  const asked = parameters.get("tab") ?? "";
  const shown: Name = Object.hasOwn(NAMES, asked) ? (asked as Name) : "executions";
  const show = (name: Name) =>
    setParameters(name === "executions" ? {} : { tab: name }, { replace: true, preventScrollReset: true });
  const panels: Record<Name, ReactNode> = {
    executions: <Executions jobId={job.name} zone={job.timeZone} />,
    fires: <Fires jobId={job.name} zone={job.timeZone} />,
    changes: (
      <ChangeList filter={{ jobId: job.name }} isOfOneJob empty={<Empty title="No changes on record." />} />
    ),
    settings: <Settings job={job} />,
    commands: <Commands job={job} />,
  };
  return (
    <Tabs className={tabs["tabs"] ?? ""} selectedKey={shown} onSelectionChange={(name) => show(name as Name)}>
      <TabList className={tabs["list"] ?? ""} aria-label="About this job">
        {Object.entries(NAMES).map(([id, name]) => (
          <Tab key={id} id={id} className={tabs["tab"] ?? ""}>
            {name}
          </Tab>
        ))}
      </TabList>
      <TabPanel id={shown} className={tabs["panel"] ?? ""}>
        {panels[shown]}
      </TabPanel>
    </Tabs>
  );
}
