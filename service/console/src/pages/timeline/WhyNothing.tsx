/** Asks the service why nothing ran at an instant, and shows its sentence. */
import { useQuery } from "@tanstack/react-query";
import { whyAroundQuery } from "../../api/timeline";
import { Failure } from "../../components/Failure";
import { jobPath, Link } from "../../components/Link";
import { Loading } from "../../components/Loading";
import { At } from "../../components/When";
import { absolute } from "../../time/format";
import type { Outage } from "./hit";
import type { JobLane } from "./lanes";
import styles from "./WhyNothing.module.css";

interface WhyNothingProps {
  row: JobLane;
  at: number;
  /** The nearest fire within so many milliseconds is asked about, if there is one. */
  reach: number;
  outage: Outage | null;
}

export function WhyNothing({ row, at, reach, outage }: WhyNothingProps) {
  const { jobId, zone, state } = row;
  const { data, error, refetch } = useQuery(whyAroundQuery(jobId, at, reach, state !== "deleted"));
  if (error) return <Failure fault={error} what="the reason" onRetry={() => void refetch()} />;
  if (!data) return <Loading what="the reason" />;
  return (
    <div className={styles["why"]}>
      <p className={styles["at"]}>
        {data.fireTime === null ? "Nothing at " : "The fire of "}
        <At instant={data.at} zone={zone} /> <span>({zone})</span>
      </p>
      <p role="status">
        <bdi>{data.why}</bdi>
      </p>
      {outage && (
        <p>
          Outage: no replica held a lease from {absolute(outage.fromTime, zone)}
          {outage.toTime === null ? " on" : ` to ${absolute(outage.toTime, zone)}`}.
        </p>
      )}
      <p>
        <Link to={`${jobPath(jobId)}?tab=fires`}>What became of its fires</Link>
      </p>
    </div>
  );
}
