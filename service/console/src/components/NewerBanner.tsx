/** Offers the newer console where the service has been updated since this page was opened. */
import { useEffect, useState } from "react";
import { useConnections } from "../api/live";
import { ownEntry, servedEntry } from "../api/page";
import styles from "./Banner.module.css";
import { Button } from "./Button";

export function NewerBanner() {
  if (!useIsNewer()) return null;
  return (
    <div className={styles["newer"]} role="status">
      <span className={styles["text"]}>
        <span className={styles["mark"]} aria-hidden="true">
          ▲
        </span>
        <strong>There is a newer console.</strong> The service was updated after this page was opened.
      </span>
      <Button isSmall onPress={() => window.location.reload()}>
        Load the newer one
      </Button>
    </div>
  );
}

/** An update replaces the replicas, so the page's connection is cut: it looks whenever there is another one. */
function useIsNewer(): boolean {
  const connections = useConnections();
  const [isNewer, setNewer] = useState(false);
  useEffect(() => {
    const own = ownEntry();
    if (connections < 2 || own === null) return;
    let isWanted = true;
    void servedEntry().then((served) => {
      if (isWanted && served !== null) setNewer(served !== own);
    });
    return () => {
      isWanted = false;
    };
  }, [connections]);
  return isNewer;
}
