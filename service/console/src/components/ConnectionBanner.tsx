/** Says that what is shown may be old, while the connection is lost. */
import { useState } from "react";
import { useLiveState } from "../api/live";
import { now } from "../time/clock";
import { localTime } from "../time/format";
import styles from "./Banner.module.css";

export function ConnectionBanner() {
  return useLiveState() === "lost" ? <Lost /> : null;
}

function Lost() {
  const [lostAt] = useState(now);
  return (
    <div className={styles["lost"]} role="alert">
      The connection to the service is lost. What you see is as of {localTime(lostAt).time}; the page connects
      again by itself, and then catches up.
    </div>
  );
}
