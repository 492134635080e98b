/** Says that what is shown may be old, while the connection is lost. */
import { useState } from "react";
import { lastHeard, useLiveState } from "../api/live";
import { now, useNow } from "../time/clock";
import { localTime, relative } from "../time/format";
import styles from "./Banner.module.css";

// What is back within a moment, as when another replica takes over, needs no banner.
const MOMENT_MS = 1_000;

export function ConnectionBanner() {
  return useLiveState() === "lost" ? <Lost /> : null;
}

function Lost() {
  const [heardAt] = useState(lastHeard);
  const [lostAt] = useState(now);
  const isLong = useNow((nowMs) => nowMs - lostAt >= MOMENT_MS);
  const ago = useNow((nowMs) => relative(heardAt, nowMs));
  if (!isLong) return null;
  return (
    <div className={styles["lost"]} role="alert">
      <span className={styles["text"]}>
        <span className={styles["mark"]} aria-hidden="true">
          ■
        </span>
        <strong>Not connected to the service.</strong> What you see is as of {localTime(heardAt).time}
        {/* Without this a screen reader would say all of it again each second. */}
        <span aria-hidden="true"> ({ago})</span>; the page connects again by itself, and then shows what has
        changed.
      </span>
    </div>
  );
}
