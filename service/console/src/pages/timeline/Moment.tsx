/** What is, or is not, where somebody has clicked: facts, the reason, and the way to more. */
import { useLayoutEffect, type RefObject } from "react";
import { Dialog, Heading } from "react-aria-components";
import type { LaneExecution } from "../../api/types";
import { Button } from "../../components/Button";
import { causeWords } from "../../components/causes";
import { ExecutionLink, JobLink } from "../../components/Link";
import { Popover } from "../../components/Popover";
import { Status } from "../../components/Status";
import { At, Countdown, Elapsed } from "../../components/When";
import { now } from "../../time/clock";
import { absolute, count, duration } from "../../time/format";
import { outageAt, type Hit, type Outage } from "./hit";
import type { JobLane } from "./lanes";
import styles from "./Moment.module.css";
import { zoomInto, type Move } from "./moves";
import { TRACK_HEIGHT } from "./scale";
import { SPANS } from "./view";
import { WhyNothing } from "./WhyNothing";

export interface Asked {
  row: JobLane;
  hit: Hit;
  /** How far the pointer may be off, in milliseconds. */
  reach: number;
}

interface PlaceProps {
  ref: RefObject<HTMLSpanElement | null>;
  /** From where the tracks begin, and from the top of the first row, in pixels. */
  x: number;
  y: number;
}

/** The place that is asked about; brought into sight where it was an address that asked. */
export function Place({ ref, x, y }: PlaceProps) {
  // Before the words are placed at it.
  useLayoutEffect(() => {
    ref.current?.scrollIntoView({ block: "nearest" });
  }, [ref]);
  const style = { left: `calc(var(--names) + ${x}px)`, top: y, height: TRACK_HEIGHT };
  return <span ref={ref} className={styles["anchor"]} style={style} />;
}

interface MomentProps {
  asked: Asked;
  anchor: RefObject<HTMLSpanElement | null>;
  outages: readonly Outage[];
  onMove: (move: Move) => void;
  onClose: () => void;
}

export function Moment({ asked, anchor, outages, onMove, onClose }: MomentProps) {
  const { row, hit } = asked;
  return (
    <Popover
      className={styles["popover"]}
      triggerRef={anchor}
      isOpen
      placement="bottom"
      onOpenChange={(isOpen) => !isOpen && onClose()}
    >
      <Dialog className={styles["dialog"] ?? ""}>
        <header className={styles["head"]}>
          <Heading slot="title" className={styles["title"] ?? ""}>
            <bdi>{row.name}</bdi>
          </Heading>
          <Button look="quiet" isSmall aria-label="Close" onPress={onClose}>
            ✕
          </Button>
        </header>
        <Facts asked={asked} outages={outages} onMove={onMove} />
        <p className={styles["links"]}>
          <JobLink jobId={row.jobId}>Open the job</JobLink>
          {hit.kind === "execution" && (
            <ExecutionLink executionId={hit.execution.executionId}>Open the execution</ExecutionLink>
          )}
        </p>
      </Dialog>
    </Popover>
  );
}

function Facts({ asked: { row, hit, reach }, outages, onMove }: Omit<MomentProps, "anchor" | "onClose">) {
  switch (hit.kind) {
    case "execution":
      return <ExecutionFacts execution={hit.execution} zone={row.zone} />;
    case "fire":
      return (
        <p>
          Will fire <Countdown instant={hit.fireTime} zone={row.zone} />, at{" "}
          <At instant={hit.fireTime} zone={row.zone} />.
        </p>
      );
    case "bucket": {
      const { startTime, endTime, successCount, failureCount, cancelledCount } = hit.bucket;
      const move = zoomInto(SPANS, Date.parse(startTime), Date.parse(endTime));
      return (
        <>
          <p>
            {absolute(startTime, row.zone)} to {absolute(endTime, row.zone)}
          </p>
          <p>
            {count(successCount)} succeeded, {count(failureCount)} failed, {count(cancelledCount)} cancelled
          </p>
          {move && (
            <p>
              <Button isSmall onPress={() => onMove(move)}>
                Zoom in
              </Button>
            </p>
          )}
        </>
      );
    }
    case "idle": {
      const at = Date.parse(hit.fireTime);
      return <WhyNothing row={row} at={at} reach={0} outage={outageAt(outages, at, now())} />;
    }
    case "gap":
      return <WhyNothing row={row} at={hit.at} reach={reach} outage={outageAt(outages, hit.at, now())} />;
  }
}

function ExecutionFacts({ execution, zone }: { execution: LaneExecution; zone: string }) {
  const { status, startTime, endTime, triggeredBy, fireTime, attempt } = execution;
  const lateness = fireTime === null ? 0 : Date.parse(startTime) - Date.parse(fireTime);
  return (
    <dl className={styles["facts"]}>
      <dt>Status</dt>
      <dd>
        <Status status={status} />
      </dd>
      <dt>Started</dt>
      <dd>
        <At instant={startTime} zone={zone} />
      </dd>
      <dt>{endTime === null ? "Running for" : "Took"}</dt>
      <dd>
        {endTime === null ? (
          <Elapsed since={startTime} />
        ) : (
          duration(Date.parse(endTime) - Date.parse(startTime))
        )}
      </dd>
      <dt>Cause</dt>
      <dd>
        {causeWords(triggeredBy)}
        {attempt > 1 && `, attempt ${attempt}`}
      </dd>
      {fireTime !== null && lateness >= LATE_MS && (
        <>
          <dt>Late by</dt>
          <dd>{duration(lateness)}</dd>
        </>
      )}
    </dl>
  );
}

// Less is how long a claim takes.
const LATE_MS = 1000;
