/** Whether what is shown changes by itself. */
import { useLiveState } from "../api/live";
import { classes } from "./classes";
import styles from "./LiveState.module.css";

const STATES = {
  connecting: { name: "Connecting", about: "The page is connecting to the service." },
  live: { name: "Live", about: "What changes shows here by itself." },
  lost: { name: "Not live", about: "The connection is lost: what you see may be old." },
};

export function LiveState() {
  const live = useLiveState();
  const { name, about } = STATES[live];
  return (
    <span className={classes(styles["state"], styles[live])} role="status" title={about}>
      <span className={styles["dot"]} aria-hidden="true" />
      {name}
    </span>
  );
}
