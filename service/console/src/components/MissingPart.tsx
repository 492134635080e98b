/** Says that a part of the console could not be loaded; loads the page anew where that can help. */
import { useEffect, useState } from "react";
import { useLiveState } from "../api/live";
import { Button } from "./Button";
import { Loading } from "./Loading";
import { reloadOnce } from "./parts";
import styles from "./states.module.css";

export function MissingPart() {
  const live = useLiveState();
  const [isStuck, setStuck] = useState(false);
  // Tried at once, and again when the connection is back.
  useEffect(() => {
    if (live === "connecting") return;
    void reloadOnce().then((isReloading) => setStuck(!isReloading));
  }, [live]);
  if (!isStuck) return <Loading what="the console again" />;
  return (
    <div className={styles["failure"]} role="alert">
      <p className={styles["title"]}>This part of the console could not be loaded</p>
      <p>
        {live === "lost"
          ? "The service cannot be reached. The page is loaded again as soon as it can."
          : "The console may have been updated since this page was opened."}
      </p>
      <Button onPress={() => window.location.reload()}>Load the page again</Button>
    </div>
  );
}
