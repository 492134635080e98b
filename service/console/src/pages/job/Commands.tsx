/** What can be done here, as commands to copy. */
import type { JobDetail } from "../../api/types";
import { CopyBlock } from "../../components/Copy";
import { commandsFor } from "./commands";
import styles from "./Commands.module.css";

export function Commands({ job }: { job: JobDetail }) {
  return (
    <div className={styles["commands"]}>
      <p>
        The same over HTTP, with a token in <code>$TOKEN</code>, and in psql, where <code>make psql</code>{" "}
        opens it.
      </p>
      {commandsFor(job, window.location.origin).map(({ what, curl, psql }) => (
        <section key={what} aria-label={what}>
          <h2>{what}</h2>
          <div className={styles["pair"]}>
            <CopyBlock text={curl} label={`${what}, with curl`} />
            <CopyBlock text={psql} label={`${what}, in psql`} />
          </div>
        </section>
      ))}
    </div>
  );
}
